"""Which witnesses a log asks, and whose cosignatures are enough (C2SP tlog-policy).

A policy file is octets of which only ASCII has a meaning: names are compared octet by octet, so whatever is
not UTF-8 is carried along as it is and never read as text.
"""

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from pathlib import Path
from typing import Final

from cosignpy.core.note.cosignature import CosignatureVerifier, cosignature_verifier
from cosignpy.core.note.key_id import SignatureType, VerifierKey, parse_vkey
from cosignpy.errors import CosignError, LimitExceeded, MalformedError
from cosignpy.files import explain
from cosignpy.net.url import Url
from cosignpy.values import value

MAX_POLICY_FILE: Final = 256 << 10
"""Octets of a policy file: many times the 32 logs, witnesses and groups that the specification asks for."""
MAX_NAMES: Final = 96
"""Witnesses and groups of one policy: more than the specification asks for, fewer than a note may have signatures."""

NO_QUORUM: Final = "none"
"""The predefined name: no cosignature is needed. Nothing else may be called so."""

_LINE: Final = "line"
_ALLOWED: Final = re.compile(rb"[\t\n\x20-\x7e\x80-\xff]*")
_BLANK: Final = re.compile(r"[ \t]+")
_THRESHOLD: Final = re.compile(r"[1-9][0-9]{0,8}")


class WithoutQuorum(StrEnum):
    """What happens to a checkpoint that too few witnesses cosigned."""

    REFUSE = "refuse"
    PUBLISH_UNSAFE = "publish-unsafe"
    """It is published all the same: whoever demands the quorum refuses it, nobody else notices a fork."""


@value
class Witness:
    """A witness: what the policy calls it, its key, and the submission prefix below which it is asked."""

    name: str
    verifier: CosignatureVerifier
    url: Url | None = None

    def agrees(self, cosigned: AbstractSet[str]) -> bool:
        """Tell whether it is among those who cosigned."""
        return self.name in cosigned


@value
class Group:
    """Witnesses and other groups, of which as many as `threshold` must agree."""

    name: str
    threshold: int
    members: "tuple[Witness | Group, ...]"

    def agrees(self, cosigned: AbstractSet[str]) -> bool:
        """Tell whether enough of its members agree, when these witnesses cosigned."""
        return sum(member.agrees(cosigned) for member in self.members) >= self.threshold


@value
class WitnessPolicy:
    """What a policy file says; without a `quorum` nobody has to agree."""

    logs: tuple[VerifierKey, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    quorum: Witness | Group | None = None

    def is_satisfied_by(self, cosigned: AbstractSet[str]) -> bool:
        """Tell whether the cosignatures of these witnesses, by their names in the policy, are enough."""
        return self.quorum is None or self.quorum.agrees(cosigned)


def parse_policy(raw: bytes, *, what: str = "witness policy") -> WitnessPolicy:
    """Parse a policy file.

    Raises:
        MalformedError: A line is wrong; `what` names the file and the line.
        LimitExceeded: A larger file than is accepted.
    """
    if len(raw) > MAX_POLICY_FILE:
        raise LimitExceeded(what, f"more than {MAX_POLICY_FILE} bytes")
    policy = _Draft()
    for number, line in enumerate(raw.split(b"\n"), start=1):
        try:
            _parse_line(policy, line)
        except CosignError as error:
            raise MalformedError(f"{what}, line {number}", _explain(error)) from error
    if policy.quorum is None:
        raise MalformedError(what, f"it has no quorum line; `quorum {NO_QUORUM}` says that none is needed")
    witnesses = tuple(one for one in policy.named.values() if isinstance(one, Witness))
    return WitnessPolicy(tuple(policy.logs), witnesses, policy.named.get(policy.quorum))


def load_policy(path: Path) -> WitnessPolicy:
    """Load a policy file.

    Raises:
        FileError: It cannot be read.
        MalformedError: A line is wrong; the error names the file and the line.
    """
    with explain(path), path.open("rb") as file:
        raw = file.read(MAX_POLICY_FILE + 1)
    return parse_policy(raw, what=str(path))


class _Draft:
    """What the lines so far have defined."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.named: dict[str, Witness | Group] = {}
        self.members: set[str] = set()
        self.quorum: str | None = None

    def define(self, defined: Witness | Group) -> None:
        if defined.name == NO_QUORUM or defined.name in self.named:
            raise _malformed(f"the name {defined.name!r} is taken")
        if len(self.named) == MAX_NAMES:
            raise _malformed(f"more than {MAX_NAMES} witnesses and groups")
        self.named[defined.name] = defined

    def find(self, name: str) -> Witness | Group:
        found = self.named.get(name)
        if found is None:
            raise _malformed(f"{name!r} is not defined on a line before this one")
        return found


def _parse_line(policy: _Draft, line: bytes) -> None:
    if not _ALLOWED.fullmatch(line):
        raise _malformed("it contains a control character")
    # Octets that are not UTF-8 become surrogates, each its own: names stay as different as they were.
    text = line.decode("utf-8", "surrogateescape").strip(" \t")
    if not text or text.startswith("#"):
        return
    keyword, *items = _BLANK.split(text)
    define = _KEYWORDS.get(keyword)
    if define is None:
        raise _malformed(f"{keyword!r} is none of {', '.join(_KEYWORDS)}")
    define(policy, items)


def _define_log(policy: _Draft, items: list[str]) -> None:
    key, *_url = _exactly(items, 1, 2, "log <vkey> [<url>]")
    found = _parse_key(key)
    if found.type is SignatureType.COSIGNATURE:
        raise _malformed("the key is that of a witness, not of a log")
    if any(found.key == log.key for log in policy.logs):
        raise _malformed("this key is that of another log already")
    policy.logs.append(found)


def _define_witness(policy: _Draft, items: list[str]) -> None:
    name, key, *url = _exactly(items, 2, 3, "witness <name> <vkey> [<url>]")
    found = _parse_key(key)
    if found.type is not SignatureType.COSIGNATURE:
        raise _malformed("the key is not that of a witness, whose type is 0x04")
    if any(isinstance(other, Witness) and found.key == other.verifier.key for other in policy.named.values()):
        raise _malformed("this key is that of another witness already")
    verifier = cosignature_verifier(found.name, found.key)
    policy.define(Witness(name, verifier, _parse_prefix(url[0]) if url else None))


def _define_group(policy: _Draft, items: list[str]) -> None:
    name, count, *members = _exactly(items, 3, MAX_NAMES, "group <name> <all|any|k> <name>...")
    for member in members:
        if member in policy.members:
            raise _malformed(f"{member!r} is a member already, and would count twice")
        policy.members.add(member)
    threshold = _parse_threshold(count, len(members))
    policy.define(Group(name, threshold, tuple(policy.find(member) for member in members)))


def _define_quorum(policy: _Draft, items: list[str]) -> None:
    (name,) = _exactly(items, 1, 1, "quorum <name>")
    if policy.quorum is not None:
        raise _malformed("there is a quorum line already")
    if name != NO_QUORUM:
        policy.find(name)
    policy.quorum = name


_KEYWORDS: Final[Mapping[str, Callable[[_Draft, list[str]], None]]] = {
    "log": _define_log,
    "witness": _define_witness,
    "group": _define_group,
    "quorum": _define_quorum,
}


def _exactly(items: list[str], least: int, most: int, form: str) -> list[str]:
    if not least <= len(items) <= most:
        raise _malformed(f"not of the form `{form}`")
    return items


def _parse_threshold(text: str, members: int) -> int:
    named = {"all": members, "any": 1}.get(text)
    if named is not None:
        return named
    if not _THRESHOLD.fullmatch(text) or int(text) > members:
        raise _malformed(f"{text!r} is neither `all`, `any` nor a number from 1 to {members}")
    return int(text)


def _parse_key(text: str) -> VerifierKey:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise _malformed("the name of the key is not UTF-8")
    return parse_vkey(text)


def _parse_prefix(text: str) -> Url:
    found = Url.parse(text)
    if "?" in found.target:
        raise _malformed("a submission prefix has no query")
    return found


def _malformed(why: str) -> MalformedError:
    return MalformedError(_LINE, why)


def _explain(error: CosignError) -> str:
    return error.why if isinstance(error, MalformedError) and error.what == _LINE else str(error)
