"""`show`: what logs a data directory has."""

import json
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cosignpy.errors import UsageError
from log_server.commands.arguments import (
    ConfigOption,
    DataOption,
    count_entries,
    existing,
    read_settings,
    refuse_no_shards,
    speaking_plainly,
)
from log_server.log import LogKind
from log_server.protocols import PROTOCOLS
from log_server.shard_files import ShardFiles, load_shards
from log_server.witness.known_logs import KnownLogsFile
from log_server.witness.witness import open_witness


class Output(StrEnum):
    """How it is shown."""

    TEXT = "text"
    JSON = "json"


def show_command(
    data: DataOption,
    config: ConfigOption = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="For people or programs.")] = Output.TEXT,
    witness: Annotated[bool, typer.Option("--witness", help="The verifier key of this server as a witness.")] = False,
) -> None:
    """Show the logs of a data directory.

    Tells shards, sizes, origins and keys.
    """
    with speaking_plainly():
        if witness:
            typer.echo(_witness_key(existing(data), config))
            return
        shards = [shard for kind in LogKind for shard in load_shards(existing(data), kind)]
        refuse_no_shards(shards, data)
        described = [_describe(shard) for shard in shards]
    if output is Output.JSON:
        typer.echo(json.dumps(described, indent=2))
        return
    for shard in described:
        typer.echo(f"{shard['log']} {shard['shard']}  {shard['state']}, {count_entries(int(shard['treeSize']))}")
        typer.echo(f"  origin {shard['origin']}\n  log id {shard['logId']}")
        typer.echo(str(shard["publicKey"]).rstrip())


def _witness_key(data: Path, config: Path | None) -> str:
    """Return the line that others put into their policies (C2SP tlog-policy).

    Raises:
        UsageError: This server is no witness.
        CosignError: Its key or its settings cannot be read.
    """
    settings = read_settings(data, config)
    if settings.witness.logs is None:
        raise UsageError("this server is no witness", "the setting witness.logs names the logs it shall cosign")
    return open_witness(data, settings.witness_name, KnownLogsFile(settings.witness.logs), time.time).vkey


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
