"""The examples of docs/formats/trusted-root.md and signing-config.md, from keys that never change."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from ca_server.authority.profile import Role
from cosignpy.core.trust.building import build_authority, build_log
from cosignpy.core.trust.signing_config import (
    Selection,
    Selector,
    Service,
    SigningConfig,
    encode_signing_config,
)
from cosignpy.core.trust.trusted_root import TrustedRoot, encode_trusted_root
from cosignpy.core.trust.validity import Validity
from tests.support.authority_examples import below, root
from tests.support.fixed_keys import ecdsa_signer, ed25519_signer
from tests.support.trust_documents import pem

_OLD: Final = Validity(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC))
_NEW: Final = Validity(datetime(2026, 1, 1, tzinfo=UTC))
_OPERATOR: Final = "example.com"


def _trusted_root() -> bytes:
    ct = ecdsa_signer("ct").public_key
    shard = ed25519_signer("shard").public_key
    issuing, stamping = pem(below(Role.ISSUING), root()), pem(below(Role.TIMESTAMPING), root())
    found = TrustedRoot(
        logs=(
            build_log("https://log.example.com", ecdsa_signer("log").public_key, _OLD),
            build_log("https://log2026.example.com", shard, _NEW, "log2026.example.com"),
        ),
        certificate_authorities=(build_authority("https://ca.example.com", issuing, Validity(None)),),
        ct_logs=(build_log("https://log.example.com/ctlog", ct, _NEW),),
        timestamp_authorities=(build_authority("https://tsa.example.com/api/v1/timestamp", stamping, _NEW),),
    )
    return encode_trusted_root(found)


def _signing_config() -> bytes:
    found = SigningConfig(
        certificate_authorities=(Service("https://ca.example.com", 1, _NEW, _OPERATOR),),
        identity_providers=(Service("https://login.example.com", 1, _NEW, _OPERATOR),),
        logs=(
            Service("https://log2026.example.com", 2, _NEW, _OPERATOR),
            Service("https://log.example.com", 1, _OLD, _OPERATOR),
        ),
        log_selection=Selection(Selector.ANY),
        timestamp_authorities=(
            Service("https://tsa.example.com/api/v1/timestamp", 1, _NEW, _OPERATOR),
            Service("https://tsa.example.org/api/v1/timestamp", 1, _NEW, "example.org"),
        ),
        timestamp_selection=Selection(Selector.EXACT, 2),
    )
    return encode_signing_config(found)


EXAMPLES: Final[Mapping[str, Callable[[], bytes]]] = {
    "trusted-root": _trusted_root,
    "signing-config": _signing_config,
}
