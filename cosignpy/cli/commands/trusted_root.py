"""`cosignpy trusted-root create`, `inspect` and `lint`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from cosignpy.cli import exit_codes
from cosignpy.cli.arguments import SPECIFICATION
from cosignpy.cli.flags import DataOutputFlag
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.trust import problem_lines, problems_to_json, trusted_root_lines, trusted_root_to_json
from cosignpy.cli.service_specs import ServiceSpec, parse_time_flag
from cosignpy.core.encoding import encode_json
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.trust.building import build_authority, build_log
from cosignpy.core.trust.client_trust_config import parse_any_trusted_root
from cosignpy.core.trust.lint import lint_trusted_root
from cosignpy.core.trust.problems import Severity
from cosignpy.core.trust.trusted_root import (
    CertificateAuthority,
    TransparencyLog,
    TrustedRoot,
    encode_trusted_root,
    parse_trusted_root,
)
from cosignpy.errors import UsageError
from cosignpy.files import write_file
from cosignpy.values import replace, value

_AUTHORITY_HELP: Final = "url=...,certificate-chain=FILE, with start-time and end-time if wanted. Repeatable."
_LOG_HELP: Final = "url=...,public-key=FILE,start-time=..., with end-time and origin if wanted. Repeatable."
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)

FileArgument = Annotated[str, typer.Argument(metavar="FILE", show_default=False, help="A file, or - for stdin.")]
AtFlag = Annotated[
    str | None, typer.Option("--at", metavar="TIME", show_default=False, help="Another time than now, in RFC 3339.")
]
SpecFlag = list[str] | None
Item = TypeVar("Item", TransparencyLog, CertificateAuthority)


@value
class KeptFlags:
    """Which entries of the mirror's trusted root are left out."""

    no_default_fulcio: Annotated[bool, typer.Option("--no-default-fulcio", help="Leave out the mirror's.")] = False
    no_default_ctfe: Annotated[bool, typer.Option("--no-default-ctfe", help="Leave out the mirror's.")] = False
    no_default_rekor: Annotated[bool, typer.Option("--no-default-rekor", help="Leave out the mirror's.")] = False
    no_default_tsa: Annotated[bool, typer.Option("--no-default-tsa", help="Leave out the mirror's.")] = False

    def keep(self, root: TrustedRoot) -> TrustedRoot:
        """Return a trusted root without what is left out."""
        return replace(
            root,
            logs=() if self.no_default_rekor else root.logs,
            certificate_authorities=() if self.no_default_fulcio else root.certificate_authorities,
            ct_logs=() if self.no_default_ctfe else root.ct_logs,
            timestamp_authorities=() if self.no_default_tsa else root.timestamp_authorities,
        )


def create(
    *,
    fulcio: Annotated[SpecFlag, typer.Option("--fulcio", metavar=SPECIFICATION, help=_AUTHORITY_HELP)] = None,
    rekor: Annotated[SpecFlag, typer.Option("--rekor", metavar=SPECIFICATION, help=_LOG_HELP)] = None,
    ctfe: Annotated[SpecFlag, typer.Option("--ctfe", metavar=SPECIFICATION, help=_LOG_HELP)] = None,
    tsa: Annotated[SpecFlag, typer.Option("--tsa", metavar=SPECIFICATION, help=_AUTHORITY_HELP)] = None,
    with_default_services: Annotated[
        bool, typer.Option("--with-default-services", help="Add to the trusted root of the mirror.")
    ] = False,
    kept: KeptFlags,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", show_default=False, help="Write here, not to stdout.")
    ] = None,
) -> None:
    """Make a trusted root: the logs and authorities that verifiers are to believe."""
    base = kept.keep(_fetch_trusted_root()) if with_default_services else TrustedRoot()
    root = TrustedRoot(
        logs=_in_order([*base.logs, *(_log("--rekor", text) for text in rekor or ())]),
        certificate_authorities=_in_order(
            [*base.certificate_authorities, *(_authority("--fulcio", text) for text in fulcio or ())]
        ),
        ct_logs=_in_order([*base.ct_logs, *(_log("--ctfe", text) for text in ctfe or ())]),
        timestamp_authorities=_in_order(
            [*base.timestamp_authorities, *(_authority("--tsa", text) for text in tsa or ())]
        ),
    )
    document = encode_trusted_root(root)
    _refuse_faulty(document)
    if out is None:
        CURRENT.print(document.decode())
    else:
        write_file(out, document + b"\n")


def inspect(file: FileArgument, at: AtFlag = None, output: DataOutputFlag = Output.TEXT) -> None:
    """Show whom a trusted root believes, and what of it is in use."""
    root, moment = parse_any_trusted_root(read_input(file)), _moment(at)
    if output is Output.JSON:
        CURRENT.print(encode_json(trusted_root_to_json(root, moment)).decode())
        return
    for line in trusted_root_lines(root, moment):
        CURRENT.print(line)


def lint(file: FileArgument, at: AtFlag = None, output: DataOutputFlag = Output.TEXT) -> int:
    """Look for what is wrong with a trusted root; exits with 1 where verifying with it fails."""
    problems = lint_trusted_root(read_input(file), _moment(at))
    if output is Output.JSON:
        CURRENT.print(encode_json(problems_to_json(problems)).decode())
    else:
        for line in problem_lines(problems):
            CURRENT.print(line)
    return exit_codes.FAILURE if any(each.severity is Severity.ERROR for each in problems) else exit_codes.OK


def _fetch_trusted_root() -> TrustedRoot:
    from cosignpy.cli.wiring_trust import open_trust

    return parse_trusted_root(open_trust().target())


def _log(flag: str, text: str) -> TransparencyLog:
    spec = ServiceSpec.parse(flag, text, ("url", "public-key", "start-time"), ("end-time", "origin"))
    path = spec["public-key"]
    return build_log(spec["url"], PublicKey.parse_pem(read_input(path), what=path), spec.validity, spec["origin"])


def _authority(flag: str, text: str) -> CertificateAuthority:
    spec = ServiceSpec.parse(flag, text, ("url", "certificate-chain"), ("start-time", "end-time"))
    path = spec["certificate-chain"]
    return build_authority(spec["url"], read_input(path), spec.validity, what=path)


def _in_order(items: list[Item]) -> tuple[Item, ...]:
    """Put the oldest first, as protobuf-specs wants it."""
    return tuple(sorted(items, key=lambda item: item.validity.start or _BEGINNING))


def _refuse_faulty(document: bytes) -> None:
    problems = lint_trusted_root(document, datetime.now(UTC))
    for problem in problems:
        if problem.severity is Severity.ERROR:
            raise UsageError(f"nothing would verify: {problem.place}: {problem.why}")
    for problem in problems:
        CURRENT.warn(f"{problem.place}: {problem.why}")


def _moment(at: str | None) -> datetime:
    return datetime.now(UTC) if at is None else parse_time_flag("--at", at)
