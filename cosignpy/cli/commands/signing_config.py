"""`cosignpy signing-config create` and `inspect`."""

import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from cosignpy.cli.arguments import SPECIFICATION
from cosignpy.cli.flags import DataOutputFlag
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.services import signing_config_lines, signing_config_to_json
from cosignpy.cli.service_specs import ServiceSpec, parse_time_flag
from cosignpy.core.encoding import encode_json
from cosignpy.core.trust.client_trust_config import parse_any_signing_config
from cosignpy.core.trust.signing_config import (
    MAX_VERSION,
    Selection,
    Selector,
    Service,
    SigningConfig,
    encode_signing_config,
    parse_signing_config,
)
from cosignpy.errors import UsageError
from cosignpy.files import write_file
from cosignpy.services.tuf.cache import SIGNING_CONFIG, SIGNING_CONFIG_REKOR_V2
from cosignpy.values import value

_SPEC_HELP: Final = "url=...,api-version=...,start-time=...,operator=..., with end-time if wanted. Repeatable."
_SELECTION_HELP: Final = "How many are asked: ANY for one, ALL, or EXACT:2 and so on."
_SELECTION: Final = re.compile(r"(?P<selector>any|all)|(?P<exact>exact):(?P<count>[1-9][0-9]{0,8})", re.IGNORECASE)
_ANY: Final = Selection(Selector.ANY)
"""What a config without services of a kind says: sigstore-python refuses one that says nothing."""

SpecFlag = list[str] | None


@value
class KeptFlags:
    """Which services of the signing config that is begun with are left out."""

    no_default_fulcio: Annotated[bool, typer.Option("--no-default-fulcio", help="Leave out those there were.")] = False
    no_default_oidc: Annotated[bool, typer.Option("--no-default-oidc", help="Leave out those there were.")] = False
    no_default_rekor: Annotated[bool, typer.Option("--no-default-rekor", help="Leave out those there were.")] = False
    no_default_tsa: Annotated[bool, typer.Option("--no-default-tsa", help="Leave out those there were.")] = False

    def keep(self, config: SigningConfig) -> SigningConfig:
        """Return a signing config without what is left out; of a kind without services it says `ANY`."""
        logs = () if self.no_default_rekor else config.logs
        authorities = () if self.no_default_tsa else config.timestamp_authorities
        return SigningConfig(
            certificate_authorities=() if self.no_default_fulcio else config.certificate_authorities,
            identity_providers=() if self.no_default_oidc else config.identity_providers,
            logs=logs,
            log_selection=config.log_selection if logs else _ANY,
            timestamp_authorities=authorities,
            timestamp_selection=config.timestamp_selection if authorities else _ANY,
        )


def create(
    *,
    fulcio: Annotated[SpecFlag, typer.Option("--fulcio", metavar=SPECIFICATION, help=_SPEC_HELP)] = None,
    oidc_provider: Annotated[SpecFlag, typer.Option("--oidc-provider", metavar=SPECIFICATION, help=_SPEC_HELP)] = None,
    rekor: Annotated[SpecFlag, typer.Option("--rekor", metavar=SPECIFICATION, help=_SPEC_HELP)] = None,
    rekor_config: Annotated[str, typer.Option("--rekor-config", metavar="RULE", help=_SELECTION_HELP)] = "",
    tsa: Annotated[SpecFlag, typer.Option("--tsa", metavar=SPECIFICATION, help=_SPEC_HELP)] = None,
    tsa_config: Annotated[str, typer.Option("--tsa-config", metavar="RULE", help=_SELECTION_HELP)] = "",
    with_default_services: Annotated[
        bool, typer.Option("--with-default-services", help="Add to the signing config of the mirror.")
    ] = False,
    with_default_rekor_v2: Annotated[
        bool, typer.Option("--with-default-rekor-v2", help="Add to the mirror's for Rekor v2, whatever else it has.")
    ] = False,
    base_config: Annotated[
        str, typer.Option("--base-config", metavar="FILE", help="Begin with this one, and replace services of a kind.")
    ] = "",
    kept: KeptFlags,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", show_default=False, help="Write here, not to stdout.")
    ] = None,
) -> None:
    """Make a signing config: the services that signers are to ask."""
    target = SIGNING_CONFIG_REKOR_V2 if with_default_rekor_v2 else SIGNING_CONFIG if with_default_services else ""
    base = kept.keep(_base(base_config, target))
    merge = partial(_services, keep=bool(target))
    config = SigningConfig(
        certificate_authorities=merge("--fulcio", fulcio, base.certificate_authorities),
        identity_providers=merge("--oidc-provider", oidc_provider, base.identity_providers),
        logs=merge("--rekor", rekor, base.logs),
        log_selection=_selection("--rekor", rekor_config, rekor, base.log_selection),
        timestamp_authorities=merge("--tsa", tsa, base.timestamp_authorities),
        timestamp_selection=_selection("--tsa", tsa_config, tsa, base.timestamp_selection),
    )
    document = encode_signing_config(config)
    if out is None:
        CURRENT.print(document.decode())
    else:
        write_file(out, document + b"\n")


def inspect(
    file: Annotated[str, typer.Argument(metavar="FILE", show_default=False, help="A file, or - for stdin.")],
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", show_default=False, help="Another time than now, in RFC 3339.")
    ] = None,
    output: DataOutputFlag = Output.TEXT,
) -> None:
    """Show which services a signing config names, and which of them are chosen from."""
    config = parse_any_signing_config(read_input(file))
    moment = datetime.now(UTC) if at is None else parse_time_flag("--at", at)
    if output is Output.JSON:
        CURRENT.print(encode_json(signing_config_to_json(config, moment)).decode())
        return
    for line in signing_config_lines(config, moment):
        CURRENT.print(line)


def _base(path: str, target: str) -> SigningConfig:
    """Return what to begin with: one of the mirror's, a file's, or nothing."""
    if path and target:
        raise UsageError("a mirror's signing config and --base-config are two beginnings", "leave out one of them")
    if target:
        from cosignpy.cli.wiring_trust import read_target

        return parse_signing_config(read_target(target))
    return parse_signing_config(read_input(path)) if path else SigningConfig()


def _services(flag: str, texts: SpecFlag, base: tuple[Service, ...], *, keep: bool) -> tuple[Service, ...]:
    """Return what a flag says, with or instead of what there was before."""
    given = tuple([_service(flag, text) for text in texts or ()])
    return (*base, *given) if keep or not given else given


def _service(flag: str, text: str) -> Service:
    spec = ServiceSpec.parse(flag, text, ("url", "api-version", "start-time", "operator"), ("end-time",))
    version = spec["api-version"]
    if re.fullmatch(r"[1-9][0-9]{0,9}", version) is None or int(version) > MAX_VERSION:
        raise UsageError(f"{flag}: {version!r} is not a version of an interface", "it is 1, or 2 for logs")
    return Service(spec["url"], int(version), spec.validity, spec["operator"])


def _selection(flag: str, text: str, given: SpecFlag, otherwise: Selection) -> Selection:
    """Parse a rule; whoever names services has to say how many of them are asked."""
    if not text:
        if given:
            raise UsageError(f"{flag} needs {flag}-config", "ANY asks one of them")
        return otherwise
    match = _SELECTION.fullmatch(text)
    if match is None:
        raise UsageError(f"{flag}-config: {text!r} is no rule", "it is ANY, ALL, or EXACT: and a number")
    if match["selector"]:
        return Selection(Selector(match["selector"].upper()))
    return Selection(Selector.EXACT, int(match["count"]))
