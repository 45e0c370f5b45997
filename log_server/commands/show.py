"""`show`: what logs a data directory has."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from log_server.commands.arguments import DataOption, count_entries, existing, speaking_plainly
from log_server.log import LogKind
from log_server.protocols import PROTOCOLS
from log_server.shard_files import ShardFiles, load_shards


class Output(StrEnum):
    """How it is shown."""

    TEXT = "text"
    JSON = "json"


def show_command(
    data: DataOption,
    output: Annotated[Output, typer.Option("--output", "-o", help="For people or programs.")] = Output.TEXT,
) -> None:
    """Show the logs of a data directory.

    Tells shards, sizes, origins and keys.
    """
    with speaking_plainly():
        shards = [shard for kind in LogKind for shard in load_shards(existing(data), kind)]
        described = [_describe(shard) for shard in shards]
    if output is Output.JSON:
        typer.echo(json.dumps(described, indent=2))
        return
    for shard in described:
        typer.echo(f"{shard['log']} {shard['shard']}  {shard['state']}, {count_entries(int(shard['treeSize']))}")
        typer.echo(f"  origin {shard['origin']}\n  log id {shard['logId']}")
        typer.echo(str(shard["publicKey"]).rstrip())


def _describe(shard: ShardFiles) -> dict[str, str | int]:
    protocol = PROTOCOLS[shard.kind]
    identity = protocol.identify(shard)
    return {
        "log": shard.kind.value,
        "shard": shard.directory.name,
        "state": "active" if shard.frozen is None else "frozen",
        "treeSize": shard.open_reader(protocol.form).tree().size,
        "firstIndex": shard.first,
        "origin": identity.origin,
        "treeId": str(shard.tree_id),
        "logId": identity.log_id.hex(),
        "publicKey": shard.public_key.encode_pem().decode(),
    }
