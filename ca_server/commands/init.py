"""`init`: the ceremony that makes an authority."""

from typing import Annotated

import typer

from ca_server.authority.ceremony import begin_data, refuse_existing
from ca_server.authority.directory import FOLDER, AuthorityDirectory
from ca_server.authority.hierarchy import Plan
from ca_server.authority.profile import Role
from ca_server.commands.arguments import (
    AlgorithmOption,
    DataOption,
    algorithm_named,
    span,
    speaking_plainly,
    utc_now,
)
from ca_server.commands.passwords import PasswordPorts, new_passwords
from ca_server.config import FILE

_ADVICE = """\
Back up {directory} and the passwords, apart from each other.
The key of the root is needed for `rotate` alone: move {key}
to where no network is, and have a copy of it there too."""


def init_command(
    data: DataOption,
    organization: Annotated[str, typer.Option(help="The organisation in all certificates.")] = "cosignpy",
    name: Annotated[str, typer.Option(help="What the names of all certificates begin with.")] = "cosignpy",
    algorithm: AlgorithmOption = "P-256",
    root_lifetime: Annotated[str, typer.Option(help="How long the root is valid.")] = "3650d",
    lifetime: Annotated[str, typer.Option(help="How long what is below it is valid.")] = "1095d",
) -> None:
    """Make an authority and a timestamp authority.

    Keys are locked with COSIGN_PASSWORD, that of the root with COSIGN_ROOT_PASSWORD if it is set.
    """
    with speaking_plainly():
        plan = Plan(organization, name, algorithm_named(algorithm), span(root_lifetime), span(lifetime))
        refuse_existing(data)
        begin_data(data, plan, new_passwords(PasswordPorts()), utc_now())
        directory = AuthorityDirectory(data / FOLDER)
        folders = {role: directory.folders(role)[0].path for role in Role}
    typer.echo(f"root  {directory.root_certificate.parent}")
    for role, path in folders.items():
        typer.echo(f"{role}  {path}")
    typer.echo(f"settings  {data / FILE}")
    typer.echo(_ADVICE.format(directory=directory.path, key=directory.root_key), err=True)
