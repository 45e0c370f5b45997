"""Flags about who is asked to vouch for a signature (cosign.md 1.2, group "services")."""

from collections.abc import Sequence
from typing import Annotated

import typer

from cosignpy.cli.configuration import check_file
from cosignpy.cli.input_files import read_input
from cosignpy.core.trust.client_trust_config import parse_any_signing_config
from cosignpy.core.trust.signing_config import Selection, Selector, Service, SigningConfig
from cosignpy.core.trust.validity import Validity
from cosignpy.errors import UsageError
from cosignpy.values import field, replace, value

_ALL = Selection(Selector.ALL)


@value
class ServiceFlags:
    """Which certificate authority, logs and timestamp authorities, and whom to believe about them."""

    signing_config: Annotated[
        str,
        typer.Option("--signing-config", metavar="FILE", show_default=False, help="Whom to ask, in place of TUF's."),
    ] = ""
    use_signing_config: Annotated[bool, typer.Option("--use-signing-config/--no-use-signing-config", hidden=True)] = (
        True
    )
    fulcio_url: Annotated[
        str, typer.Option("--fulcio-url", metavar="URL", show_default=False, help="Ask this certificate authority.")
    ] = ""
    rekor_url: Annotated[
        str, typer.Option("--rekor-url", metavar="URL", show_default=False, help="Record it in this log of Rekor v1.")
    ] = ""
    rekor_v2_url: Annotated[
        str,
        typer.Option("--rekor-v2-url", metavar="URL", show_default=False, help="Record it in this log of Rekor v2."),
    ] = ""
    timestamp_server_url: Annotated[
        list[str],
        typer.Option("--timestamp-server-url", metavar="URL", show_default=False, help="Have it timestamped here."),
    ] = field(default_factory=list)
    tlog_upload: Annotated[
        bool, typer.Option("--tlog-upload/--no-tlog-upload", help="Record the signature in a transparency log.")
    ] = True
    trusted_root: Annotated[
        str,
        typer.Option(
            "--trusted-root", metavar="FILE", show_default=False, help="Whom verifiers believe, in place of TUF's."
        ),
    ] = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The services that are named one by one."""
        return tuple(filter(None, (self.fulcio_url, self.rekor_url, self.rekor_v2_url, *self.timestamp_server_url)))

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            UsageError: A signing config and addresses besides, or two kinds of log.
        """
        if self.signing_config and self.addresses:
            raise UsageError(
                "a signing config says whom to ask, and addresses are given besides",
                "leave --signing-config out, or write the addresses into it: cosignpy signing-config create",
            )
        if self.rekor_url and self.rekor_v2_url:
            raise UsageError("two logs are named", "give --rekor-url or --rekor-v2-url; a signing config can name both")

    def named(self) -> SigningConfig | None:
        """Return the signing config of the flags, None where nothing is named and the mirror's counts.

        Raises:
            CosignError: The file cannot be read.
        """
        self.check()
        if self.signing_config:
            check_file("signing_config", self.signing_config)
            return self._without_log(parse_any_signing_config(read_input(self.signing_config)))
        if self.addresses:
            return self._without_log(self._of_addresses())
        return None if self.tlog_upload and self.use_signing_config else SigningConfig()

    def _of_addresses(self) -> SigningConfig:
        logs = [_service(url, version) for version, url in ((1, self.rekor_url), (2, self.rekor_v2_url)) if url]
        return SigningConfig(
            certificate_authorities=name_services([self.fulcio_url] if self.fulcio_url else []),
            logs=tuple(logs),
            log_selection=_ALL,
            timestamp_authorities=name_services(self.timestamp_server_url),
            timestamp_selection=_ALL,
        )

    def _without_log(self, config: SigningConfig) -> SigningConfig:
        return config if self.tlog_upload else replace(config, logs=())


def name_services(urls: Sequence[str]) -> tuple[Service, ...]:
    """Describe services of which no more is known than where they are."""
    return tuple([_service(url, 1) for url in urls])


def _service(url: str, version: int) -> Service:
    # Each its own operator, so that all of them are asked: of one operator's services only one is.
    return Service(url, version, Validity(None, None), operator=url)
