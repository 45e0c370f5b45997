"""Who could sign here: an identity token that lies ready, a password for keys, keys that others could take."""

from collections.abc import Iterator
from typing import Final

from cosignpy.operations.doctor.facts import Facts, KeyFile
from cosignpy.operations.doctor.findings import Check, Finding, ok, problem, tell_time, warning

READY: Final = ok("identity-ready")
PERSON: Final = ok("identity-by-sign-in")
UNUSABLE: Final = problem("identity-unusable", "get a fresh token for this audience, or remove the one that is there")
INCOMPLETE: Final = warning("identity-incomplete", "add what is missing to the job, or sign with a key")
PASSWORD: Final = ok("password-set")
NO_PASSWORD: Final = ok("password-not-set")
CLOSED: Final = ok("key-file-private")
READABLE: Final = warning("key-file-readable", "chmod go= the file: only its password protects the key")
OPEN: Final = problem(
    "key-file-open",
    "whoever read it can sign as you: make another key pair, and keep it with a password (import-key-pair)",
)
PLAIN: Final = warning("key-file-without-password", "give it a password: cosignpy import-key-pair --key FILE")


def check_identity(facts: Facts) -> Iterator[Finding]:
    """Look at who could sign without a key."""
    found = facts.identity
    if found.error is not None:
        yield UNUSABLE(str(found.error))
    elif found.provider:
        until = f", with a token until {tell_time(found.expires)}" if found.expires else ", not asked for a token"
        yield READY(f"{found.provider} is here{until}")
    elif found.advice:
        yield INCOMPLETE(found.advice)
    else:
        yield PERSON("no identity token lies ready: somebody has to sign in")


def check_keys(facts: Facts) -> Iterator[Finding]:
    """Look at keys in files."""
    if facts.has_password:
        yield PASSWORD("COSIGN_PASSWORD is set: private keys are opened with it")
    else:
        yield NO_PASSWORD("COSIGN_PASSWORD is not set: passwords of private keys are asked for")
    for file in facts.key_files:
        yield _judge_file(file)


def _judge_file(file: KeyFile) -> Finding:
    if not file.readable_by_others:
        if file.is_encrypted:
            return CLOSED(f"{file.path} has a password, and only you can read it")
        return PLAIN(f"{file.path} is a private key without a password")
    if file.is_encrypted:
        return READABLE(f"{file.path} is a private key, and others can read the file")
    return OPEN(f"{file.path} is a private key without a password, and others can read it")


IDENTITY: Final = Check("identity", "Identity", (READY, PERSON, UNUSABLE, INCOMPLETE), check_identity)
KEYS: Final = Check("keys", "Keys", (PASSWORD, NO_PASSWORD, CLOSED, READABLE, OPEN, PLAIN), check_keys)
