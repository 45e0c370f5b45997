"""Conditions on what attestations say, for `verify-attestation` and `verify-blob-attestation`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import CURRENT
from cosignpy.core.digest import Digest
from cosignpy.errors import UsageError
from cosignpy.values import field, value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cosignpy.core.encoding import JsonValue
    from cosignpy.imagepolicy.conditions.condition import Condition
    from cosignpy.imagepolicy.languages import Language
    from cosignpy.operations.judge_attestations import Attestation

_SHOWN: Final = {".cue": "CUE", ".rego": "Rego", ".cel": "CEL"}
"""The languages, by how files in them end, in the order in which they are told."""


@value
class ConditionFlags:
    """What attestations have to say."""

    policies: Annotated[
        list[str],
        typer.Option("--policy", metavar="FILE", help="A condition in .cue, .rego or .cel; repeat for several."),
    ] = field(default_factory=list)
    policy_complete: Annotated[
        bool, typer.Option("--policy-complete", help="CUE: a field that a policy names has to be there.")
    ] = False

    def begin(self) -> None:
        """Start what evaluates the files, which takes about as long as verifying does.

        Raises:
            UsageError: One is in no language that is known, or what evaluates it is not installed.
        """
        for path in self.policies:
            if Path(path).suffix not in _SHOWN:
                raise UsageError(f"{path} is no condition", "invalid policy format, expected .cue, .rego or .cel")
        if self.policy_complete and not any(path.endswith(".cue") for path in self.policies):
            raise UsageError("--policy-complete is about conditions in CUE", "name one: --policy FILE.cue")
        if self.policies:
            from cosignpy.imagepolicy.conditions.load import begin

            for language in dict.fromkeys(map(_language, self.policies)):
                begin(language)

    def read(self) -> "Conditions":
        """Read and compile the files.

        Raises:
            FileError: One cannot be read.
            LimitExceeded: One is too large.
            DocumentError: One does not compile.
            UsageError: What evaluates one is not installed.
        """
        return Conditions(tuple([self._load(path) for path in self.policies]))

    def _load(self, path: str) -> "ConditionFile":
        from cosignpy.imagepolicy.conditions.condition import Absent
        from cosignpy.imagepolicy.conditions.load import MAX_POLICY, load_condition
        from cosignpy.places import Place

        raw = read_input(path, MAX_POLICY)
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise Place(path, raw.count(b"\n", 0, error.start) + 1).error("not UTF-8") from error
        absent = Absent.REFUSED if self.policy_complete else Absent.PASSES
        language = _language(path)
        condition = load_condition(language, text, Place(path, 1), absent=absent)
        return ConditionFile(path, Digest.of(raw), language, condition, complete=self.policy_complete)


@value
class ConditionFile:
    """A condition that was read, and the file that it is from."""

    path: str
    digest: Digest
    language: "Language"
    condition: "Condition" = field(repr=False)
    complete: bool

    def to_json(self) -> "JsonValue":
        """Return what evidence says of it (docs/formats/evidence.md)."""
        shown: dict[str, JsonValue] = {
            "file": self.path,
            "digest": str(self.digest),
            "language": self.language.value,
        }
        return shown | ({"complete": self.complete} if self.language == "cue" else {})


@value
class Conditions:
    """Conditions that were read."""

    files: tuple[ConditionFile, ...]

    def to_json(self) -> "list[JsonValue]":
        """Return what evidence says of them."""
        return [each.to_json() for each in self.files]

    def judge(self, name: str, attestations: "Iterable[Attestation]") -> None:
        """Judge attestations by all conditions, and say so as cosign does.

        Raises:
            AttestationsRefused: One does not satisfy them.
        """
        if not self.files:
            return
        from cosignpy.operations.judge_attestations import judge_attestations

        judged = list(attestations)
        for _ in judged:
            for ending, language in _SHOWN.items():
                files = [each.path for each in self.files if each.path.endswith(ending)]
                if files:
                    CURRENT.say(f"will be validating against {language} policies: [{' '.join(files)}]")
        for warning in judge_attestations(name, judged, [each.condition for each in self.files]):
            CURRENT.warn(warning)


def _language(path: str) -> "Language":
    from cosignpy.imagepolicy.languages import Language

    return Language(Path(path).suffix[1:])
