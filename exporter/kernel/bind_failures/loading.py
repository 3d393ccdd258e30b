"""Make the maps, load the programs and attach them in the first way that the kernel allows."""

import errno
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct

from exporter.errors import SourceError
from exporter.kernel.bind_failures.attachment import Attachment, attachments
from exporter.kernel.bind_failures.program import MapDescriptors, bind_program, listen_program
from exporter.kernel.bind_failures.records import SIZE_OF_REFUSAL, SIZE_OF_SHARE, SIZE_OF_TALLY
from exporter.kernel.bind_failures.share import Quota
from exporter.kernel.bpf.btf import read_btf
from exporter.kernel.bpf.maps import ARRAY, HASH, create_map
from exporter.kernel.bpf.programs import load_program

VERSION_2 = "fs/cgroup/cgroup.controllers"  # where version 2 alone is mounted
PROGRAMS = {"bind_refused": bind_program, "listen_refused": listen_program}


class Sizes(Struct, frozen=True):
    """How many different refusals there can be at a time, of all and of one container or user."""

    entries: int
    of_one: int


class Loaded(Struct, frozen=True):
    """Descriptors, and how each program is attached, by its name."""

    maps: MapDescriptors
    programs: tuple[int, ...]
    attached: dict[str, str]


def load(stack: ExitStack, sysfs: Path, ways: Sequence[str], sizes: Sizes) -> Loaded:
    """Do it; `stack` keeps it in place. Where none of `ways` is allowed: SourceError with what the last one lacks."""
    try:
        maps = _create_maps(stack, sizes.entries)
    except OSError as error:
        raise _lacking(error) from error
    btf = read_btf(sysfs)
    quota = Quota(sizes.of_one, by_name=not (sysfs / VERSION_2).exists())
    lacking: list[SourceError] = []
    for way in ways:
        with ExitStack() as attempt:
            try:
                points = attachments(way, btf, sysfs)
                codes = [
                    program(btf, maps, quota, point.result)
                    for program, point in zip(PROGRAMS.values(), points, strict=True)
                ]
                programs = _attach(attempt, codes, points)
            except (OSError, SourceError) as error:
                lacking.append(_lacking(error))
                continue
            stack.push(attempt.pop_all())
            return Loaded(maps, programs, dict.fromkeys(PROGRAMS, way))
    raise SourceError(lacking[-1].reason, "; ".join(str(error) for error in lacking))


def _create_maps(stack: ExitStack, entries: int) -> MapDescriptors:
    return MapDescriptors(
        refusals=_keep(stack, create_map(HASH, SIZE_OF_REFUSAL, SIZE_OF_TALLY, entries, "refused_binds")),
        shares=_keep(stack, create_map(HASH, SIZE_OF_SHARE, 8, entries, "refused_shares")),
        lost=_keep(stack, create_map(ARRAY, 4, 8, 1, "refusals_lost")),
    )


def _attach(stack: ExitStack, codes: Sequence[bytes], points: Sequence[Attachment]) -> tuple[int, ...]:
    programs = [
        _keep(stack, load_program(code, name, point.kind))
        for name, code, point in zip(PROGRAMS, codes, points, strict=True)
    ]
    for program, point in zip(programs, points, strict=True):
        _keep(stack, point.attach(program))
    return tuple(programs)


def _keep(stack: ExitStack, descriptor: int) -> int:
    stack.callback(os.close, descriptor)
    return descriptor


def _lacking(error: OSError | SourceError) -> SourceError:
    if isinstance(error, SourceError):
        return error
    return SourceError("no_bpf" if error.errno == errno.EPERM else "unsupported", str(error))
