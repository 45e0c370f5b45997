"""The certificates of an authority that `docs/formats/authority-directory.md` shows, from keys that never change."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from ca_server.authority.profile import (
    Issuer,
    Period,
    Role,
    Subject,
    name_root,
    name_under,
    root_template,
    template_under,
)
from cosignpy.core.x509.issuing import sign_certificate
from cosignpy.core.x509.tbs import TbsCertificate
from tests.support.fixed_keys import ecdsa_signer

PERIOD: Final = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 12, 31, tzinfo=UTC))


def root() -> bytes:
    """Return the root."""
    signer = ecdsa_signer("root")
    subject = Subject(name_root("Example, Inc.", "example"), signer.public_key.spki)
    return sign_certificate(root_template(subject, PERIOD, 1), signer)


def below(role: Role) -> bytes:
    """Return what the root issued for a role."""
    key = ecdsa_signer(role.value).public_key
    subject = Subject(name_under(root(), role, key.spki), key.spki)
    return sign_certificate(template_under(Issuer.of(root()), role, subject, PERIOD, 2), ecdsa_signer("root"))


def _extensions(certificate: bytes) -> bytes:
    return b"".join([extension.raw for extension in TbsCertificate.parse(certificate).extensions])


EXAMPLES: Final[Mapping[str, Callable[[], bytes]]] = {
    "authority-root": lambda: _extensions(root()),
    "authority-issuing": lambda: _extensions(below(Role.ISSUING)),
    "authority-timestamping": lambda: _extensions(below(Role.TIMESTAMPING)),
    "authority-name": lambda: TbsCertificate.parse(below(Role.ISSUING)).subject,
}
