"""`show`: what certificates an authority has, what each is to clients, and where the keys are."""

import json
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from ca_server.authority.directory import AuthorityDirectory, Pair, State, states_of
from ca_server.authority.pair_folder import KEY_FILE, read_limited
from ca_server.authority.profile import Role, show_time
from ca_server.authority.protocol import Chain, encode_chain
from ca_server.commands.arguments import ConfigOption, DataOption, authority_in, speaking_plainly, utc_now
from cosignpy.core.keys.encrypted_pem import LABELS_READ
from cosignpy.core.x509.certificate import Certificate

NOT_HERE = "not here"


class Output(StrEnum):
    """How it is shown."""

    TEXT = "text"
    JSON = "json"


def show_command(
    data: DataOption,
    config: ConfigOption = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="For people or programs.")] = Output.TEXT,
) -> None:
    """Show the certificates of an authority.

    Tells chains, fingerprints, when each is valid, and where its key is.
    """
    with speaking_plainly():
        described = _describe(authority_in(data, config))
    if output is Output.JSON:
        typer.echo(json.dumps(described, indent=2))
        return
    typer.echo(f"root\n  key {described['root']['key']}")
    _print_chain(described["root"]["chain"])
    for role in Role:
        for pair in described[role]:
            typer.echo(f"{role} {pair['number']}  {pair['state']}\n  key {pair['key']}")
            _print_chain(pair["chain"])


def _print_chain(chain: list[dict[str, str]]) -> None:
    for one in chain:
        typer.echo(f"  {one['subject']}\n    {one['notBefore']} to {one['notAfter']}\n    {one['fingerprint']}")


def _describe(directory: AuthorityDirectory) -> dict[str, Any]:
    root = {"key": _describe_key(directory.root_key), "chain": _describe_chain((directory.read_root(),))}
    roles: dict[str, Any] = {}
    for role in Role:
        pairs = directory.read(role)
        states = states_of(pairs, utc_now())
        roles[role.value] = [_describe_pair(pair, states[pair.folder]) for pair in pairs]
    return {"root": root} | roles


def _describe_pair(pair: Pair, state: State) -> dict[str, Any]:
    return {
        "number": pair.folder.number,
        "state": state.value,
        "key": pair.folder.read_reference() or _describe_key(pair.folder.path / KEY_FILE),
        "chain": _describe_chain(pair.chain),
    }


def _describe_chain(chain: Chain) -> list[dict[str, str]]:
    found = []
    for der, pem in zip(chain, encode_chain(chain), strict=True):
        certificate = Certificate.parse(der)
        found.append(
            {
                "subject": certificate.subject_name,
                "fingerprint": f"sha256:{sha256(der).hexdigest()}",
                "notBefore": show_time(certificate.not_before),
                "notAfter": show_time(certificate.not_after),
                "pem": pem,
            }
        )
    return found


def _describe_key(path: Path) -> str:
    if not path.exists():
        return NOT_HERE
    encrypted = any(
        f"BEGIN {label}".encode() in read_limited(path) for label in (*LABELS_READ, "ENCRYPTED PRIVATE KEY")
    )
    return f"{path} ({'encrypted' if encrypted else 'NOT ENCRYPTED'})"
