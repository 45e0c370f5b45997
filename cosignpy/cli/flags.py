"""Flags that several commands share, with cosign's names, as types and as groups."""

from typing import Annotated, Final

import typer

from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.errors import UsageError
from cosignpy.values import field, value


def _set_output(value: Output) -> Output:
    CURRENT.output = value
    return value


def _set_verify_output(value: Output) -> Output:
    if value is Output.PREDICATE:
        raise UsageError("--output predicate is for verify-attestation", "take text, json, cosign or tree")
    return _set_output(value)


def _parse_data_output(text: str) -> Output:
    if text in {Output.COSIGN, Output.TREE, Output.PREDICATE}:
        raise UsageError(f"--output {text} is for verify", "take text or json")
    if text not in {Output.TEXT, Output.JSON}:
        raise UsageError(f"--output {text!r} is none", "take text or json")
    return Output(text)


ImageArgument = Annotated[
    str,
    typer.Argument(
        metavar="IMAGE",
        show_default=False,
        help="registry/name[:tag][@digest], or oci-layout:DIR[:TAG], oci-archive:FILE, docker-daemon:NAME",
    ),
]
ImagesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="IMAGE...",
        show_default=False,
        help="registry/name[:tag][@digest], or oci-layout:DIR[:TAG], oci-archive:FILE, docker-daemon:NAME",
    ),
]
OutputFlag = Annotated[
    Output,
    typer.Option(
        "--output",
        "-o",
        metavar="<text|json|cosign|tree>",
        callback=_set_verify_output,
        help="text for people, json for our documented evidence, tree for what `explain` prints, "
        "cosign for the list that cosign prints.",
    ),
]
AttestedOutputFlag = Annotated[
    Output,
    typer.Option(
        "--output",
        "-o",
        callback=_set_output,
        help="text for people, json for our documented evidence, tree for what `explain` prints, cosign for the "
        "envelopes that cosign prints, predicate for what they say.",
    ),
]
DataOutputFlag = Annotated[
    Output,
    typer.Option(
        "--output",
        "-o",
        metavar="<text|json>",
        parser=_parse_data_output,
        callback=_set_output,
        help="text for people, json for programs.",
    ),
]
RecursiveFlag = Annotated[
    bool,
    typer.Option("--recursive/--no-recursive", "-r", help="Also every image of an index, and of the indexes in it."),
]
AnnotationsFlag = Annotated[
    list[str],
    typer.Option("--annotations", "-a", metavar="NAME=VALUE", show_default=False, help="Repeat for several."),
]
YesFlag = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@value
class RegistryFlags:
    """How to reach registries (cosign.md 1.2, group "registry")."""

    registry_username: Annotated[str | None, typer.Option("--registry-username", show_default=False)] = None
    registry_password: Annotated[
        str | None, typer.Option("--registry-password", show_default=False, help="Better: cosignpy login.")
    ] = field(default=None, repr=False)
    registry_token: Annotated[
        str | None, typer.Option("--registry-token", show_default=False, help="A bearer token, used as it is.")
    ] = field(default=None, repr=False)
    registry_cacert: Annotated[
        str | None,
        typer.Option("--registry-cacert", metavar="FILE", show_default=False, help="Trust these CAs as well (PEM)."),
    ] = None
    registry_client_cert: Annotated[
        str | None, typer.Option("--registry-client-cert", metavar="FILE", show_default=False)
    ] = None
    registry_client_key: Annotated[
        str | None, typer.Option("--registry-client-key", metavar="FILE", show_default=False)
    ] = None
    registry_server_name: Annotated[
        str | None,
        typer.Option("--registry-server-name", show_default=False, help="The name its certificate must carry."),
    ] = None
    allow_http_registry: Annotated[
        bool,
        typer.Option(
            "--allow-http-registry/--no-allow-http-registry", help="Speak plain HTTP where HTTPS is not answered."
        ),
    ] = False
    allow_insecure_registry: Annotated[
        bool,
        typer.Option("--allow-insecure-registry/--no-allow-insecure-registry", help="Accept any TLS certificate."),
    ] = False


SIGNING_KEY_HELP: Final = "Private key: a file, or env://VARIABLE."
VERIFYING_KEY_HELP: Final = "Public key: a file, env://VARIABLE or https://...; repeat for several signers."


def parse_annotations(pairs: list[str]) -> dict[str, str]:
    """Parse `name=value` pairs.

    Raises:
        UsageError: No equals sign, no name, or one name with two values.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"annotation {pair!r} is not NAME=VALUE")
        if found.setdefault(name, value) != value:
            raise UsageError(f"annotation {name!r} is given twice, as {found[name]!r} and {value!r}")
    return found
