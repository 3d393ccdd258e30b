"""What `nft list ruleset` tells of the tables that an engine writes, as rules; any other expression is UNKNOWN."""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from exporter.core.nat.ruleset import (
    DPORT,
    DST,
    DST_TYPE,
    EQUAL,
    IIF,
    JUMP,
    MAP,
    OIF,
    PROTOCOL,
    SRC,
    SRC_TYPE,
    STATE,
    UNEQUAL,
    UNKNOWN,
    Base,
    Condition,
    Place,
    Rule,
    Ruleset,
)
from tests.support.saved_rules import STATES, TYPES, network

PRIORITIES = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "srcnat": 100}
BASE = re.compile(r"type (\w+) hook (\w+) priority (\S+); policy (\w+);")
ELEMENT = re.compile(r'"([^"]+)" : jump (\S+?)[ ,}]')
DEVICES = {"iifname": IIF, "oifname": OIF}
ADDRESSES = {"saddr": SRC, "daddr": DST}
KINDS = {"saddr": SRC_TYPE, "daddr": DST_TYPE}
VERDICTS = ("accept", "drop", "masquerade", "return")


Words: TypeAlias = list[str]
Conditions: TypeAlias = list[Condition]
Made: TypeAlias = dict[str, str | int]


@dataclass
class Text:
    """What was read so far."""

    chains: dict[Place, list[Rule]] = field(default_factory=dict)
    bases: dict[Place, Base] = field(default_factory=dict)
    maps: dict[Place, dict[str, str]] = field(default_factory=dict)
    sets: dict[Place, tuple[()]] = field(default_factory=dict)


def nft_ruleset(text: str) -> Ruleset:
    """The rules of a whole text."""
    found, table = Text(), ("", "")
    place: Place = ("", "", "")
    in_chain = False
    for line in map(str.strip, text.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "table":
            family, name, _ = rest.split()
            table = family, name
        elif word in ("chain", "map", "set"):
            place, in_chain = (table[0], table[1], rest.split()[0]), word == "chain"
            if in_chain:
                found.chains[place] = []
            else:
                found.sets[place] = ()
        elif (base := BASE.fullmatch(line)) is not None:
            kind, hook, priority, policy = base.groups()
            number = PRIORITIES[priority] if priority in PRIORITIES else int(priority)
            found.bases[place] = Base(hook, policy.upper(), kind, number)
        elif in_chain and line not in ("", "}"):
            found.chains[place].append(_rule(place, line))
        elif not in_chain and (elements := dict(ELEMENT.findall(line))):
            found.sets.pop(place, None)
            found.maps.setdefault(place, {}).update(elements)
    return Ruleset({where: tuple(rules) for where, rules in found.chains.items()}, found.bases, found.maps, found.sets)


def _rule(place: Place, line: str) -> Rule:
    words = shlex.split(line)
    conditions: list[Condition] = []
    made: dict[str, str | int] = {}
    while words:
        word = words.pop(0)
        if word in READERS:
            READERS[word](words, conditions, made, word)
        elif word in VERDICTS:
            made["target"] = word.upper()
        elif word == "comment":
            made["comment"] = words.pop(0)
        elif word == "counter":
            del words[:4]
        else:
            conditions.append(Condition(word, UNKNOWN))
    return Rule(*place, conditions=tuple(conditions), **made)  # type: ignore[arg-type]


def _sign(words: Words) -> str:
    if words[0] == "!=":
        words.pop(0)
        return UNEQUAL
    return EQUAL


def _device(words: Words, conditions: Conditions, made: Made, word: str) -> None:
    if words[0] == "vmap":
        made |= {"target": MAP, "to": words[1].removeprefix("@"), "by": DEVICES[word]}
        del words[:2]
    else:
        conditions.append(Condition(DEVICES[word], _sign(words), words.pop(0)))


def _address(words: Words, conditions: Conditions, _made: Made, _word: str) -> None:
    key = ADDRESSES[words.pop(0)]
    conditions.append(Condition(key, _sign(words), network(words.pop(0))))


def _port(words: Words, conditions: Conditions, _made: Made, word: str) -> None:
    del words[0]
    port = int(words.pop(0))
    conditions += [Condition(PROTOCOL, EQUAL, word), Condition(DPORT, EQUAL, (port, port))]


def _state(words: Words, conditions: Conditions, _made: Made, _word: str) -> None:
    del words[0]
    conditions.append(Condition(STATE, EQUAL, sum(STATES[name.upper()] for name in words.pop(0).split(","))))


def _fib(words: Words, conditions: Conditions, _made: Made, _word: str) -> None:
    key = KINDS[words.pop(0)]
    del words[0]
    conditions.append(Condition(key, EQUAL, TYPES[words.pop(0).upper()]))


def _jump(words: Words, _conditions: Conditions, made: Made, _word: str) -> None:
    made |= {"target": JUMP, "to": words.pop(0)}


def _dnat(words: Words, _conditions: Conditions, made: Made, _word: str) -> None:
    del words[0]
    address, _, port = words.pop(0).rpartition(":")
    made |= {"target": "DNAT", "address": address.strip("[]"), "port": int(port)}


READERS: dict[str, Callable[[Words, Conditions, Made, str], None]] = {
    "iifname": _device,
    "oifname": _device,
    "ip": _address,
    "ip6": _address,
    "tcp": _port,
    "udp": _port,
    "ct": _state,
    "fib": _fib,
    "jump": _jump,
    "dnat": _dnat,
}
