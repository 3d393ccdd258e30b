"""Basic authentication (RFC 7617) against bcrypt hashes."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from msgspec import Struct

from exporter.core.model.bounded_dict import BoundedDict

MAX_PASSWORD_BYTES = 72  # bcrypt uses no more, and the library refuses to cut it


class Credentials(NamedTuple):
    """What an Authorization header has."""

    login: str
    password: str


def check_password(password: bytes, hashed: bytes) -> bool:
    """Whether the hash is of this password."""
    import bcrypt  # 1 MB that a server without users does not need

    return bcrypt.checkpw(password, hashed)


class TooManyChecksError(Exception):
    """So many passwords are being checked that another one would wait too long."""


class AuthLimits(Struct, frozen=True):
    """How many checks may wait for the thread, of all clients and of one, and how many credentials are remembered.

    A check at the usual cost takes 60 ms.
    """

    checks: int = 64
    client_checks: int = 8
    remembered: int = 100


class BasicAuth:
    """Checks names and passwords, one at a time and off the event loop; remembers those that were right.

    A name that does not exist costs the same check as one that does: its password is compared with the hash of
    another user, and refused whatever the result. Only right credentials are remembered, so guesses evict nothing.
    """

    def __init__(
        self, check: Callable[[bytes, bytes], bool] = check_password, limits: AuthLimits | None = None
    ) -> None:
        self._check = check
        self._limits = limits or AuthLimits()
        self._pool = ThreadPoolExecutor(1, "bcrypt")
        self._checks: Counter[str | None] = Counter()
        self._secret = secrets.token_bytes(32)
        self._good: BoundedDict[bytes, None] = BoundedDict(self._limits.remembered)

    def known_user(self, authorization: str, users: Mapping[str, bytes]) -> str | None:
        """Return the user of credentials that were right before; None for all others. Computes no bcrypt."""
        credentials = _decoded(authorization)
        if not credentials or credentials.login not in users:
            return None
        name = credentials.login
        return name if self._key(name, users[name], credentials.password) in self._good else None

    async def admits(self, authorization: str, users: Mapping[str, bytes], client: str | None = None) -> bool:
        """Whether the value of an Authorization header is a user's. Raises TooManyChecksError."""
        credentials = _decoded(authorization)
        if not credentials:
            return False
        name, password = credentials.login, credentials.password
        hashed = users.get(name) or self._stand_in(name, users)
        key = self._key(name, hashed, password)
        if name in users and key in self._good:
            return True
        if self._checks.total() >= self._limits.checks or self._checks[client] >= self._limits.client_checks:
            raise TooManyChecksError
        self._checks[client] += 1
        try:
            loop = asyncio.get_running_loop()
            known = key if name in users else None
            right = await loop.run_in_executor(self._pool, self._compare, password.encode(), hashed, known)
        finally:
            self._checks -= Counter([client])  # keys of 0 are removed
        return right and name in users

    def close(self) -> None:
        """End the thread; checks that wait are cancelled."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _compare(self, password: bytes, hashed: bytes, key: bytes | None) -> bool:
        if key in self._good:  # found right while this one waited
            return True
        try:
            right = self._check(password[:MAX_PASSWORD_BYTES], hashed)
        except ValueError:
            return False
        if right and key:
            self._good[key] = None
        return right

    def _stand_in(self, name: str, users: Mapping[str, bytes]) -> bytes:
        """Return the hash of some user, always the same for a name: its cost is then a cost that users have."""
        hashes = sorted(users.values())
        return hashes[int.from_bytes(self._digest(name.encode())[:8], "big") % len(hashes)]

    def _key(self, name: str, hashed: bytes, password: str) -> bytes:
        return self._digest(name.encode(), hashed, password.encode())

    def _digest(self, *parts: bytes) -> bytes:
        """Return a key for the parts that reveals nothing about them."""
        return hmac.digest(self._secret, b"".join(hashlib.sha256(part).digest() for part in parts), "sha256")


def _decoded(authorization: str) -> Credentials | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        login, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return None
    return Credentials(login, password) if colon else None
