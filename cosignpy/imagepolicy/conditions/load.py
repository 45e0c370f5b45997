"""Conditions, made of their texts."""

from typing import Final

from cosignpy.imagepolicy.conditions.cel import load_cel
from cosignpy.imagepolicy.conditions.condition import Absent, Condition
from cosignpy.imagepolicy.conditions.evaluator import EVALUATORS
from cosignpy.imagepolicy.conditions.rego import Dialect, load_rego
from cosignpy.imagepolicy.languages import Language
from cosignpy.places import Place

MAX_POLICY: Final = 256 * 1024
"""Bytes of one text; people write a few kilobytes, and interpreters take long over more."""


def begin(language: Language) -> None:
    """Start what evaluates conditions in a language: it is ready when something else is done meanwhile.

    Raises:
        UsageError: It is not installed.
    """
    if language in EVALUATORS:
        EVALUATORS[language].begin()


def load_condition(
    language: Language,
    text: str,
    place: Place,
    dialect: Dialect = Dialect.COSIGN,
    absent: Absent = Absent.PASSES,
) -> Condition:
    """Compile a condition; `place` is where the first line of the text stands.

    Raises:
        DocumentError: It does not compile, with the file and the line, or is too long.
        UsageError: What evaluates it is not installed.
    """
    if len(text) > MAX_POLICY:
        raise place.error(f"{len(text)} characters", f"{MAX_POLICY} at the most")
    if "\0" in text:
        raise place.error("a character that is none of the language's")
    if language is Language.CUE:
        from cosignpy.imagepolicy.conditions.cue import load_cue  # takes modules that the others do not

        return load_cue(text, place, absent, may_demand_nothing=dialect is Dialect.POLICY_CONTROLLER_0)
    if language is Language.CEL:
        return load_cel(text, place, EVALUATORS[language])
    return load_rego(text, place, dialect, EVALUATORS[language])
