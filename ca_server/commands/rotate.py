"""`rotate` a key under the root; the same in three steps, `request`, `sign` and `install`; and `retire`."""

from pathlib import Path
from typing import Annotated

import typer

from ca_server.authority.directory import CERTIFICATE_FILE
from ca_server.authority.hierarchy import algorithm_of
from ca_server.authority.pair_folder import KEY_FILE, REQUEST_FILE, PairFolder, read_limited, read_single_certificate
from ca_server.authority.profile import Role, show_time
from ca_server.authority.protocol import encode_chain, period_of
from ca_server.authority.rotation import answer, install, load_root, request_for, request_new, retire, rotate
from ca_server.authority.rules import MAX_CHAIN
from ca_server.commands.arguments import (
    AlgorithmOption,
    ConfigOption,
    DataOption,
    LifetimeOption,
    RoleOption,
    StartOption,
    algorithm_named,
    authority_in,
    period_from,
    speaking_plainly,
    utc_now,
)
from ca_server.commands.passwords import PasswordPorts, new_server_password, root_password, server_password
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.x509.chain import parse_chain_pem


def rotate_command(
    data: DataOption,
    role: RoleOption = Role.ISSUING,
    root_key: Annotated[
        Path | None, typer.Option("--root-key", help="The root's key, if it is not in the data directory.")
    ] = None,
    algorithm: AlgorithmOption = "P-256",
    lifetime: LifetimeOption = "1095d",
    starts_in: StartOption = "0s",
    config: ConfigOption = None,
) -> None:
    """Make a new key and certificate, which the server adopts while it runs.

    Clients are told of the old certificate until it expires, or is retired.
    """
    with speaking_plainly():
        directory = authority_in(data, config)
        kind, period = algorithm_of(role, algorithm_named(algorithm)), period_from(starts_in, lifetime)
        ports = PasswordPorts()
        root = load_root(directory.read_root(), root_key or directory.root_key, root_password(ports))
        password = new_server_password(ports)
        folder = rotate(directory, role, root, (PrivateKey.generate(kind), password), period)
        _tell(folder)


def request_command(
    data: DataOption,
    role: RoleOption = Role.ISSUING,
    algorithm: AlgorithmOption = "P-256",
    key: Annotated[str, typer.Option(help="A reference to a key that is kept elsewhere; without it one is made.")] = "",
    config: ConfigOption = None,
) -> None:
    """On the server: make a new key, and a request for its certificate to take to where the root's key is."""
    with speaking_plainly():
        directory = authority_in(data, config)
        kind = algorithm_of(role, algorithm_named(algorithm))
        if key:
            folder = request_for(directory, role, key, server_password(PasswordPorts()))
        else:
            folder = request_new(directory, role, kind, new_server_password(PasswordPorts()))
    typer.echo(folder.path / REQUEST_FILE)


def sign_command(
    root: Annotated[Path, typer.Option(help=f"A folder with {CERTIFICATE_FILE} and {KEY_FILE} of the root.")],
    request: Annotated[Path, typer.Option(help="The request.")],
    role: RoleOption = Role.ISSUING,
    lifetime: LifetimeOption = "1095d",
    starts_in: StartOption = "0s",
) -> None:
    """Where the root's key is: certify what was requested, and print the chain."""
    with speaking_plainly():
        asked = read_limited(request)
        certificate = read_single_certificate(root / CERTIFICATE_FILE)
        period = period_from(starts_in, lifetime)
        key = load_root(certificate, root / KEY_FILE, root_password(PasswordPorts()))
        chain = answer(key, role, asked, period)
    typer.echo("".join(encode_chain(chain)), nl=False)


def install_command(
    data: DataOption,
    chain: Annotated[Path, typer.Option(help="What `sign` printed.")],
    role: RoleOption = Role.ISSUING,
    config: ConfigOption = None,
) -> None:
    """On the server: put the chain beside its key; the server adopts both while it runs."""
    with speaking_plainly():
        directory = authority_in(data, config)
        certificates = parse_chain_pem(read_limited(chain), most=MAX_CHAIN, what=str(chain))
        _tell(install(directory, role, certificates, utc_now()))


def retire_command(
    data: DataOption,
    number: Annotated[str, typer.Option(help="The folder, such as 0001.")],
    role: RoleOption = Role.ISSUING,
    config: ConfigOption = None,
) -> None:
    """Tell clients of a certificate no longer; it signs nothing from now on.

    For one whose key may be known to others.
    """
    with speaking_plainly():
        successor = retire(authority_in(data, config), role, number, utc_now())
    typer.echo(f"{role} {number} is retired")
    if successor is not None:
        typer.echo(f"{role} {successor.number} signs now")


def _tell(folder: PairFolder) -> None:
    """Say what there is now, and what has to happen outside of this directory."""
    period = period_of(folder.read_chain())
    typer.echo(f"{folder.role} {folder.number} signs from {show_time(period.begin)} on")
    typer.echo(f"clients need {folder.chain_path} in their trusted root by then", err=True)
