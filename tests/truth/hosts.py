"""One host at a time for an engine and a layout; a host that a case left unclean is replaced."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from tests.truth.case import Case
from tests.truth.crowd import play_together
from tests.truth.lab import Lab
from tests.truth.play import Outcome, play


class Hosts:
    """Plays cases on a shared host."""

    def __init__(self, suite: str, layout: str) -> None:
        self.suite, self.layout = suite, layout
        self._lab: Lab | None = None

    def play(self, case: Case) -> Outcome:
        """Play a case on the shared host, and close the host if anything is left of the case."""
        try:
            lab = self.lab(case.flags, case.programs)
        except Exception as error:  # noqa: BLE001  a host that cannot be made must not end the table
            return Outcome(case, error=f"{type(error).__name__}: {error}")
        outcome = play(case, lab)
        if not outcome.clean:
            self.close()
        return outcome

    def play_all(self, cases: Sequence[Case]) -> Iterator[Outcome]:
        """Play those with a subject together, then the others one after the other."""
        if together := [case for case in cases if case.subject]:
            yield from self._play_together(together)
            self.close()
        yield from (self.play(case) for case in cases if not case.subject)

    def _play_together(self, cases: Sequence[Case]) -> list[Outcome]:
        try:
            lab = self.lab()
        except Exception as error:  # noqa: BLE001  as in `play`
            return [Outcome(case, error=f"{type(error).__name__}: {error}") for case in cases]
        return play_together(cases, lab)

    def lab(self, flags: tuple[str, ...] = (), programs: str = "") -> Lab:
        """The host whose dockerd has these flags, beside these programs; made when there is none."""
        if self._lab is not None and (self._lab.flags, self._lab.programs) != (flags, programs):
            self.close()
        if self._lab is None:
            self._lab = Lab(self.suite, self.layout, flags, programs)
        return self._lab

    def close(self) -> None:
        """Close the host."""
        if self._lab is not None:
            self._lab.close()
        self._lab = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
