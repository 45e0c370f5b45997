"""A trusted root and a signing config in one document (protobuf-specs, `ClientTrustConfig`)."""

from typing import Final

from cosignpy.core.encoding import JsonObject, encode_json
from cosignpy.core.trust.signing_config import (
    MAX_SIGNING_CONFIG,
    SigningConfig,
    parse_signing_config,
    read_signing_config,
    signing_config_members,
)
from cosignpy.core.trust.trusted_root import (
    MAX_TRUSTED_ROOT,
    TrustedRoot,
    parse_trusted_root,
    read_trusted_root,
    trusted_root_members,
)
from cosignpy.errors import LimitExceeded
from cosignpy.values import value

CLIENT_TRUST_CONFIG: Final = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
MAX_CLIENT_TRUST_CONFIG: Final = MAX_TRUSTED_ROOT + MAX_SIGNING_CONFIG
"""Octets."""

_SIGNING_CONFIG: Final = ("signingConfig", "signing_config")
"""Protobuf JSON has two names for each member; of this one both are in use."""


@value
class ClientTrustConfig:
    """All that one client has to be told."""

    trusted_root: TrustedRoot
    signing_config: SigningConfig


def parse_client_trust_config(raw: bytes) -> ClientTrustConfig:
    """Parse a client trust config.

    Raises:
        MalformedError: Not strict JSON, no client trust config, or one of its parts is none.
        LimitExceeded: Larger than any, or a part of it is.
    """
    if len(raw) > MAX_CLIENT_TRUST_CONFIG:
        raise LimitExceeded("client trust config", f"{len(raw)} octets, at most {MAX_CLIENT_TRUST_CONFIG} are accepted")
    found = JsonObject.parse(raw, what="client trust config")
    media_type = found.text("mediaType")
    if media_type != CLIENT_TRUST_CONFIG:
        raise found.malformed("mediaType", f"{media_type!r} is not the type of a client trust config we know")
    found.refuse_unknown("mediaType", "trustedRoot", *_SIGNING_CONFIG)
    names = [name for name in _SIGNING_CONFIG if name in found]
    if len(names) > 1:
        raise found.malformed(names[1], "given twice")
    return ClientTrustConfig(
        trusted_root=read_trusted_root(found.child("trustedRoot")),
        signing_config=read_signing_config(found.child(names[0] if names else _SIGNING_CONFIG[0])),
    )


def parse_any_trusted_root(raw: bytes) -> TrustedRoot:
    """Parse a trusted root, or that of a client trust config.

    Raises:
        MalformedError: As `parse_trusted_root` and `parse_client_trust_config`.
        LimitExceeded: As they.
    """
    return parse_client_trust_config(raw).trusted_root if _is_both(raw) else parse_trusted_root(raw)


def parse_any_signing_config(raw: bytes) -> SigningConfig:
    """Parse a signing config, or that of a client trust config.

    Raises:
        MalformedError: As `parse_signing_config` and `parse_client_trust_config`.
        LimitExceeded: As they.
    """
    return parse_client_trust_config(raw).signing_config if _is_both(raw) else parse_signing_config(raw)


def _is_both(raw: bytes) -> bool:
    """Tell which parser is to decide, by a media type that the parts do not have; a wrong guess is refused there."""
    return CLIENT_TRUST_CONFIG.encode() in raw


def encode_client_trust_config(config: ClientTrustConfig) -> bytes:
    """Encode a client trust config."""
    return encode_json(
        {
            "mediaType": CLIENT_TRUST_CONFIG,
            "trustedRoot": trusted_root_members(config.trusted_root),
            "signingConfig": signing_config_members(config.signing_config),
        }
    )
