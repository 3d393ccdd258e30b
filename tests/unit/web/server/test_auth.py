"""Basic authentication: who gets in, and that nothing tells who exists."""

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path

import bcrypt
import pytest

from exporter.web.access.auth import AuthLimits, BasicAuth, TooManyChecksError, check_password
from exporter.web.access.config_file import WebConfigFile
from tests.support.web_running import ROUTES, Site, serving


def hashed(password: str, cost: int = 4) -> bytes:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost))


USERS = {"alice": hashed("wonderland"), "bob": hashed("builder"), "ülo": hashed("pässwörd")}


def header(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


class Checks:
    """Counts what is compared."""

    def __init__(self) -> None:
        self.seen: list[tuple[bytes, bytes]] = []

    def __call__(self, password: bytes, hash_: bytes) -> bool:
        """Compare, as bcrypt does."""
        self.seen.append((password, hash_))
        return check_password(password, hash_)


def admitted(
    *attempts: str, users: dict[str, bytes] = USERS, check: Callable[[bytes, bytes], bool] = check_password
) -> list[bool]:
    """What one BasicAuth says to headers, one after the other."""

    async def ask() -> list[bool]:
        checker = BasicAuth(check)
        try:
            return [await checker.admits(attempt, users) for attempt in attempts]
        finally:
            checker.close()

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("authorization", "right"),
    [
        (header("alice", "wonderland"), True),
        (header("ülo", "pässwörd"), True),
        (header("alice", "builder"), False),
        (header("alice", ""), False),
        (header("Alice", "wonderland"), False),
        (header("", ""), False),
        (header("carol", "wonderland"), False),
        (header("alice", "wonderland\0"), False),
        (header("alice", "wonderland").replace("Basic", "basic"), True),
        (header("alice", "wonderland").replace("Basic", "Bearer"), False),
        ("Basic " + base64.b64encode(b"alice").decode(), False),
        ("Basic " + base64.b64encode(b"\xff\xfe:x").decode(), False),
        ("Basic not-base64!", False),
        ("Basic", False),
        ("", False),
    ],
)
def test_a_name_gets_in_with_its_own_password(authorization: str, right: bool) -> None:  # noqa: FBT001  the answer
    assert admitted(authorization) == [right]


def test_a_password_may_hold_a_colon_and_more_than_bcrypt_looks_at() -> None:
    users = {"a": hashed("b:c"), "long": bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4))}
    assert admitted(header("a", "b:c"), header("long", "x" * 100), header("long", "x" * 71), users=users) == [
        True,
        True,
        False,
    ]


def test_a_name_that_does_not_exist_costs_the_same_check_as_one_that_does() -> None:
    """Same number of checks, of the same cost: the clock tells nothing then."""
    users = {"alice": hashed("wonderland", 5), "bob": hashed("builder", 5)}
    known, unknown = Checks(), Checks()
    assert admitted(header("alice", "guess"), header("alice", "guess"), users=users, check=known) == [False, False]
    assert admitted(header("carol", "guess"), header("carol", "guess"), users=users, check=unknown) == [False, False]
    assert len(known.seen) == len(unknown.seen) == 2
    assert {hash_[4:6] for _, hash_ in (*known.seen, *unknown.seen)} == {b"05"}


def test_a_name_that_does_not_exist_is_refused_even_with_the_password_of_its_stand_in() -> None:
    users = {"alice": hashed("wonderland")}
    assert admitted(header("carol", "wonderland"), header("carol", "wonderland"), users=users) == [False, False]


def test_what_was_right_is_not_computed_again_and_what_was_wrong_is() -> None:
    checks = Checks()
    right, wrong = header("alice", "wonderland"), header("alice", "guess")
    assert admitted(right, wrong, right, wrong, right, check=checks) == [True, False, True, False, True]
    assert [password for password, _ in checks.seen] == [b"wonderland", b"guess", b"guess"]


def test_a_changed_hash_ends_what_was_remembered() -> None:
    async def ask() -> list[bool]:
        checker = BasicAuth()
        try:
            right = header("alice", "wonderland")
            return [
                await checker.admits(right, users) for users in (USERS, {"alice": hashed("new")}, {"bob": b""}, USERS)
            ]
        finally:
            checker.close()

    assert asyncio.run(ask()) == [True, False, False, True]


def test_only_so_many_are_remembered() -> None:
    checks = Checks()
    users = {f"user{number}": hashed("same") for number in range(3)}

    async def ask() -> None:
        checker = BasicAuth(checks, AuthLimits(remembered=2))
        for name in ("user0", "user1", "user2", "user2", "user1", "user0"):
            assert await checker.admits(header(name, "same"), users)
        checker.close()

    asyncio.run(ask())
    assert len(checks.seen) == 4


def test_those_who_come_together_are_checked_once() -> None:
    checks = Checks()

    async def ask() -> list[bool]:
        checker = BasicAuth(checks)
        try:
            attempts = [checker.admits(header("alice", "wonderland"), USERS) for _ in range(5)]
            return await asyncio.gather(*attempts)
        finally:
            checker.close()

    assert asyncio.run(ask()) == [True] * 5
    assert len(checks.seen) == 1


def test_more_guesses_than_can_be_checked_are_turned_away_and_who_is_known_is_not() -> None:

    async def ask() -> tuple[list[object], bool]:
        checker = BasicAuth(limits=AuthLimits(checks=3))
        try:
            assert await checker.admits(header("alice", "wonderland"), USERS)
            attempts = [asyncio.create_task(checker.admits(header("bob", f"guess{n}"), USERS)) for n in range(5)]
            await asyncio.sleep(0)
            known = await checker.admits(header("alice", "wonderland"), USERS)
            return await asyncio.gather(*attempts, return_exceptions=True), known
        finally:
            checker.close()

    guesses, known = asyncio.run(ask())
    assert guesses[:3] == [False, False, False]
    assert [type(guess) for guess in guesses[3:]] == [TooManyChecksError] * 2
    assert known


def test_guesses_of_one_client_do_not_take_the_checks_of_another() -> None:
    async def ask() -> tuple[list[object], bool]:
        checker = BasicAuth(limits=AuthLimits(checks=4, client_checks=2))
        try:
            attempts = [
                asyncio.create_task(checker.admits(header("bob", f"guess{n}"), USERS, "192.0.2.1")) for n in range(4)
            ]
            await asyncio.sleep(0)
            first_login = await checker.admits(header("alice", "wonderland"), USERS, "192.0.2.2")
            return await asyncio.gather(*attempts, return_exceptions=True), first_login
        finally:
            checker.close()

    guesses, first_login = asyncio.run(ask())
    assert guesses[:2] == [False, False]
    assert [type(guess) for guess in guesses[2:]] == [TooManyChecksError] * 2
    assert first_login


def test_only_credentials_that_were_right_before_are_known_without_a_check() -> None:
    checks = Checks()

    async def ask() -> list[str | None]:
        checker = BasicAuth(checks)
        try:
            before = checker.known_user(header("alice", "wonderland"), USERS)
            await checker.admits(header("alice", "wonderland"), USERS)
            known = (checker.known_user(header(*user), USERS) for user in (("alice", "wonderland"), ("alice", "guess")))
            return [before, *known, checker.known_user(header("alice", "wonderland"), {})]
        finally:
            checker.close()

    assert asyncio.run(ask()) == [None, "alice", None, None]
    assert len(checks.seen) == 1


@pytest.fixture
def users_file(tmp_path: Path) -> Path:
    path = tmp_path / "web.yml"
    path.write_text(f"basic_auth_users:\n  alice: {USERS['alice'].decode()}\n")
    return path


@pytest.mark.parametrize("path", [*ROUTES, "/nothing"])
def test_every_path_is_behind_the_password(users_file: Path, path: str) -> None:
    with serving(Site(), access=WebConfigFile(users_file).access) as site:
        refused = site.request(path=path)
        assert (refused.status, refused.body) == (401, b"unauthorized\n")
        assert refused.headers["WWW-Authenticate"] == 'Basic realm="dockernet-exporter", charset="UTF-8"'
        assert site.request(path=path, authorization=header("alice", "guess")).status == 401
        known = site.request(path=path, authorization=header("alice", "wonderland")).status
        assert known == (404 if path == "/nothing" else 200)


def test_another_method_is_behind_the_password_too(users_file: Path) -> None:
    with serving(Site(), access=WebConfigFile(users_file).access) as site:
        assert site.request("POST").status == 401
        assert site.request("POST", authorization=header("alice", "wonderland")).status == 405


def test_a_user_may_come_and_go_without_a_restart(users_file: Path) -> None:
    with serving(Site(), access=WebConfigFile(users_file).access) as site:
        users_file.write_text(f"basic_auth_users: {{bob: {USERS['bob'].decode()}}}")
        assert site.request(authorization=header("alice", "wonderland")).status == 401
        assert site.request(authorization=header("bob", "builder")).status == 200
