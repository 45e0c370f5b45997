"""Whether registry credentials can be read, by us and by nobody else, and whether the helpers that keep them work."""

from collections.abc import Iterator
from typing import Final

from cosignpy.operations.doctor.facts import CredentialFacts, Facts, HelperFacts
from cosignpy.operations.doctor.findings import Check, Finding, ok, problem, warning

NONE: Final = ok("credentials-none")
READ: Final = ok("credentials-read")
UNREADABLE: Final = problem("credentials-unreadable", "correct the file, or remove it and log in anew: cosignpy login")
OPEN: Final = warning("credentials-readable-by-others", "chmod go= what is named, or keep credentials in a helper")
HELPER: Final = ok("helper-answers")
MISSING: Final = problem("helper-missing", "install the program, or take it out of credHelpers or credsStore")
SILENT: Final = problem("helper-silent", "run it by hand, and see what it waits for: a locked keychain, for instance")
FAILED: Final = warning("helper-failed", "run it by hand: its error stream says more")


def check_credentials(facts: Facts) -> Iterator[Finding]:
    """Look at files with credentials, and at their helpers."""
    if not facts.credential_files:
        yield NONE("no file with registry credentials: registries are asked without")
    for file in facts.credential_files:
        yield from _judge_file(file)
    for helper in facts.helpers:
        yield _judge_helper(helper)


def _judge_file(file: CredentialFacts) -> Iterator[Finding]:
    if file.error is not None:
        yield UNREADABLE(str(file.error))
        return
    yield READ(f"{file.path}: {file.entries} {'registry' if file.entries == 1 else 'registries'}")
    if file.readable_by_others and file.holds_secrets:
        yield OPEN(f"{file.path} has secrets in it, and others can read it")


def _judge_helper(helper: HelperFacts) -> Finding:
    told = f"{helper.program}, named in {helper.named_in}"
    if not helper.is_installed:
        return MISSING(f"{told}, is not installed")
    if helper.is_silent:
        return SILENT(f"{told}, {helper.failure}")
    return FAILED(f"{told}: {helper.failure}") if helper.failure else HELPER(f"{told}, answers")


CREDENTIALS: Final = Check(
    "credentials",
    "Registry credentials",
    (NONE, READ, UNREADABLE, OPEN, HELPER, MISSING, SILENT, FAILED),
    check_credentials,
)
