"""Basic authentication (RFC 7617) against bcrypt hashes."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from aiohttp import BasicAuth as Credentials

LONGEST_PASSWORD = 72  # bcrypt looks at no more, and the library refuses to cut it
KNOWN_GOOD = 100
MOST_CHECKS = 64  # waiting for the one thread; a check at the usual cost takes 60 ms


def check_password(password: bytes, hashed: bytes) -> bool:
    """Whether the hash is of this password."""
    import bcrypt  # only who has users needs it

    return bcrypt.checkpw(password, hashed)


class TooManyChecksError(Exception):
    """So many passwords are being checked that one more would wait too long."""


class BasicAuth:
    """Checks names and passwords, one at a time and off the event loop; remembers what was right.

    A name that does not exist costs the same check as one that does: its password is compared with the hash of
    another user, and refused whatever comes out. Only what was right is remembered, so guesses displace nothing.
    """

    def __init__(self, check: Callable[[bytes, bytes], bool] = check_password) -> None:
        self._check = check
        self._pool = ThreadPoolExecutor(1, "bcrypt")
        self._checks = 0
        self._secret = secrets.token_bytes(32)
        self._good: dict[bytes, None] = {}

    async def admits(self, authorization: str, users: Mapping[str, bytes]) -> bool:
        """Whether the value of an Authorization header is a user's. Raises TooManyChecksError."""
        try:
            name, password, _ = Credentials.decode(authorization, "utf-8")
        except ValueError:
            return False
        hashed = users.get(name) or self._stand_in(name, users)
        key = self._digest(name.encode(), hashed, password.encode())
        if name in users and key in self._good:
            return True
        if self._checks >= MOST_CHECKS:
            raise TooManyChecksError
        self._checks += 1
        try:
            loop = asyncio.get_running_loop()
            known = key if name in users else None
            right = await loop.run_in_executor(self._pool, self._compare, password.encode(), hashed, known)
        finally:
            self._checks -= 1
        return right and name in users

    def close(self) -> None:
        """End the thread; checks that wait are given up."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _compare(self, password: bytes, hashed: bytes, key: bytes | None) -> bool:
        if key in self._good:  # found right while this one waited
            return True
        try:
            right = self._check(password[:LONGEST_PASSWORD], hashed)
        except ValueError:
            return False
        if right and key:
            self._remember(key)
        return right

    def _stand_in(self, name: str, users: Mapping[str, bytes]) -> bytes:
        """Return the hash of some user, always the same for a name: its cost is then a cost that users have."""
        hashes = sorted(users.values())
        return hashes[int.from_bytes(self._digest(name.encode())[:8], "big") % len(hashes)]

    def _digest(self, *parts: bytes) -> bytes:
        """Return a key for the parts that tells nothing about them."""
        return hmac.digest(self._secret, b"".join(hashlib.sha256(part).digest() for part in parts), "sha256")

    def _remember(self, key: bytes) -> None:
        self._good[key] = None
        while len(self._good) > KNOWN_GOOD:
            del self._good[next(iter(self._good))]
