"""What this machine has: credentials, an identity, keys."""

import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.errors import IdentityUnusable, MalformedError, UsageError
from cosignpy.net.clock import Clock
from cosignpy.net.http import Sender
from cosignpy.operations.doctor.facts import CredentialFacts, HelperFacts, IdentityFacts, KeyFile
from cosignpy.operations.parallel import run_parallel
from cosignpy.registry.credential_check import CheckedHelper, check_files, check_helper
from cosignpy.services.oidc.ambient.place import Place
from cosignpy.services.oidc.ambient.providers import PROVIDERS, advise
from cosignpy.services.oidc.obtain import CLIENT, Wanted, read_given
from cosignpy.services.oidc.token import IdentityToken

MAX_KEY_FILES: Final = 100
"""Of a folder; who has more keys in one looks after them otherwise."""

_HEAD: Final = 4096
_PRIVATE_KEY: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----(?:\r?\nProc-Type: 4,(ENCRYPTED))?")
_OTHERS_READ: Final = stat.S_IRGRP | stat.S_IROTH
_AT_HAND: Final = frozenset({"envvar", "filesystem", "gitlab"})
"""Providers whose tokens lie here; to ask another for one would be heard elsewhere."""


def inspect_credentials(
    environment: Mapping[str, str],
) -> tuple[tuple[CredentialFacts, ...], tuple[HelperFacts, ...]]:
    """Look at files with registry credentials, and ask the helpers that they name, all at once."""
    files = tuple(check_files(environment))
    facts = tuple(
        CredentialFacts(str(each.path), each.entries, each.holds_secrets, each.readable_by_others, each.error)
        for each in files
    )
    named = {helper.program: helper for each in files for helper in each.helpers}
    asked = run_parallel(lambda helper: check_helper(helper, environment), tuple(named.values()))
    return facts, tuple(_describe(outcome.unwrap()) for outcome in asked)


def _describe(checked: CheckedHelper) -> HelperFacts:
    failure = "" if checked.error is None else str(checked.error)
    helper = checked.helper
    return HelperFacts(helper.program, helper.named_in, checked.is_installed, checked.is_silent, failure)


def inspect_identity(flags: OidcFlags, environment: Mapping[str, str], sender: Sender) -> IdentityFacts:
    """Find out who could sign, and read a token that lies here; nobody is asked for one."""
    try:
        return _identify(flags, Place(environment, sender, Clock()))
    except (IdentityUnusable, MalformedError, UsageError) as error:
        return IdentityFacts(error=error)


def _identify(flags: OidcFlags, place: Place) -> IdentityFacts:
    client = flags.oidc_client_id or CLIENT
    audience = Wanted(client=client, audience=flags.oidc_audience, flow=flags.fulcio_auth_flow).for_whom
    if flags.identity_token:
        given = read_given(flags.identity_token)
        given.check(audience, place.clock.wall())
        return _tell("--identity-token", given)
    if flags.oidc_disable_ambient_providers or (flags.fulcio_auth_flow is not None and not flags.oidc_provider):
        return IdentityFacts()
    wanted = [each for each in PROVIDERS if flags.oidc_provider in {"", each.name}]
    provider = next((each for each in wanted if each.is_here(place)), None)
    if provider is None:
        return IdentityFacts(advice=advise(place) or "")
    if provider.name not in _AT_HAND:
        return IdentityFacts(provider.title)
    return _tell(provider.title, provider.token(place, audience))


def _tell(provider: str, token: IdentityToken) -> IdentityFacts:
    return IdentityFacts(provider, expires=token.expires)


def find_key_files(folder: Path) -> Iterator[KeyFile]:
    """Yield the files of a folder with private keys in them."""
    names = sorted(path for pattern in ("*.key", "*.pem") for path in folder.glob(pattern))
    for path in names[:MAX_KEY_FILES]:
        try:
            if not path.is_file():
                continue  # from a pipe one would wait
            with path.open("rb") as file:
                found, mode = _PRIVATE_KEY.search(file.read(_HEAD)), path.stat().st_mode
        except OSError:
            continue  # what this user cannot read is not a key of theirs
        if found is not None:
            encrypted = b"ENCRYPTED" in found[1] or found[2] is not None
            yield KeyFile(path.name, encrypted, bool(mode & _OTHERS_READ))
