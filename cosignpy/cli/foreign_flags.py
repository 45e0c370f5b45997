"""Flags of cosign's that mean nothing here: some are taken and change nothing, others are refused with a way out."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from typer._click.exceptions import NoSuchOption
from typer.core import TyperOption

from cosignpy.cli.invocation import CURRENT
from cosignpy.errors import UsageError

_NO_DEVICES: Final = "keys are files here, or env://VARIABLE: hardware tokens and key services are not spoken to"
_NO_CLIENT_CERTIFICATE: Final = "leave it out: timestamp authorities are asked without a client certificate"
_WRITTEN_WITH_BUNDLE: Final = "sign writes what it pushes with --bundle FILE; files are signed with sign-blob"
_DIGEST_IN_PLACE: Final = "give sha256:HEX in place of the file"
_NAMED_AS_USUAL: Final = "legacy tags have their usual names; COSIGN_REPOSITORY names another repository for them"
_NAME_IDENTITY: Final = "name --certificate-identity with --certificate-oidc-issuer"

_HINTS: Final[Mapping[str, str]] = {
    "--attachment": "sign the attached image itself, by its own digest",
    "--attachment-tag-prefix": _NAMED_AS_USUAL,
    "--bundle": "an image's bundles lie beside it; those in files are for verify-blob --bundle and bundle verify FILE",
    "--cert-email": _NAME_IDENTITY,
    "--certificate-email": _NAME_IDENTITY,
    "--check-claims": "leave it out: what is signed is compared always",
    "--digest": _DIGEST_IN_PLACE,
    "--digestAlg": _DIGEST_IN_PLACE,
    "--hash": _DIGEST_IN_PLACE,
    "--insecure-skip-verify": "leave it out: nothing is pushed or written that does not verify",
    "--issue-certificate": "leave --key out to get a certificate, or name one of the key's own with --certificate",
    "--k8s-keychain": "name a pull secret's file with REGISTRY_AUTH_FILE, or log in: cosignpy login",
    "--kms": _NO_DEVICES,
    "--output-certificate": _WRITTEN_WITH_BUNDLE,
    "--output-payload": _WRITTEN_WITH_BUNDLE,
    "--output-signature": _WRITTEN_WITH_BUNDLE,
    "--payload": "what lies in files is attached first: cosignpy attach signature",
    "--rekor-entry-type": "leave it out: envelopes are logged as dsse",
    "--rekor-url": "leave it out: nobody is asked for log entries that did not come with the signature",
    "--sig-only": "that is --only sig",
    "--signature": "what lies in files is attached first: cosignpy attach signature",
    "--signature-digest-algorithm": "leave it out: every digest that the key's algorithm allows is tried",
    "--signing-algorithm": "leave it out for P-256, or sign with --key: cosignpy generate-key-pair --algorithm ...",
    "--sk": _NO_DEVICES,
    "--slot": _NO_DEVICES,
    "--timestamp-client-cacert": _NO_CLIENT_CERTIFICATE,
    "--timestamp-client-cert": _NO_CLIENT_CERTIFICATE,
    "--timestamp-client-key": _NO_CLIENT_CERTIFICATE,
    "--timestamp-server-name": _NO_CLIENT_CERTIFICATE,
}
"""What to do in place of a flag, of whichever command; a command that has the flag does not come here."""

_REFERRERS: Final = "signatures are found and stored in whichever way the registry offers"
_NO_LOG_ASKED: Final = "no log is asked: the entry comes with the signature"
_UNDER_TAG: Final = "an SBOM is attached under its tag, where every version of cosign looks for it"
_TIME_BESIDE: Final = "the time is written beside each bundle, and into no legacy attestation"
_READ_AT_ONCE: Final = "there is one signature to look at"

_IGNORED: Final[Mapping[str, Mapping[str, str]]] = {
    "attest": {"--registry-referrers-mode": _REFERRERS, "--record-creation-timestamp": _TIME_BESIDE},
    "sbom": {"--registry-referrers-mode": _UNDER_TAG},
    "sign": {"--registry-referrers-mode": _REFERRERS},
    "tree": {"--registry-referrers-mode": _REFERRERS, "--experimental-oci11": _REFERRERS},
    "verify": {"--experimental-oci11": _REFERRERS, "--rekor-url": _NO_LOG_ASKED},
    "dockerfile": {"--experimental-oci11": _REFERRERS, "--rekor-url": _NO_LOG_ASKED},
    "manifest": {"--experimental-oci11": _REFERRERS, "--rekor-url": _NO_LOG_ASKED},
    "verify_attestation": {"--experimental-oci11": _REFERRERS, "--rekor-url": _NO_LOG_ASKED},
    "verify_blob": {"--experimental-oci11": _REFERRERS, "--max-workers": _READ_AT_ONCE},
}
"""Flags that a command's module takes and does nothing about, and why nothing has to be done."""

_SWITCHES: Final = frozenset({"--experimental-oci11", "--record-creation-timestamp"})


def explain_foreign(error: NoSuchOption) -> None:
    """Say what to do where a flag is cosign's; return where it is nobody's.

    Raises:
        UsageError: It is cosign's.
    """
    hint = _HINTS.get(error.option_name)
    if hint is not None:
        raise UsageError(f"{error.option_name} of cosign's is not taken here", hint) from error


def ignored_options(module: str) -> Iterator[TyperOption]:
    """Build the options that a command takes for the sake of scripts that were written for cosign."""
    for flag, why in _IGNORED.get(module, {}).items():
        yield TyperOption(
            param_decls=[flag], is_flag=flag in _SWITCHES, default=False if flag in _SWITCHES else None, hidden=True,
            expose_value=False, envvar=[], callback=_say_ignored(flag, why),
        )  # fmt: skip


def _say_ignored(flag: str, why: str) -> Callable[..., None]:
    def say(_ctx: Any, _param: Any, value: str | bool | None) -> None:  # noqa: ANN401, FBT001  # typer's callback
        if value:
            CURRENT.warn(f"{flag} changes nothing: {why}")

    return say
