"""What all principals have in common: one name, and texts that may stand in a certificate."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ca_server.identity.claim_text import check_text, required_text
from ca_server.identity.claims import Claims, TokenRefused
from ca_server.identity.issuer import Issuer
from ca_server.identity.principal import Principal
from ca_server.identity.uris import Uri
from cosignpy.core.x509.fulcio_extensions import FulcioExtension, fulcio_extension
from cosignpy.core.x509.subject_alt_name import NameKind, SubjectName
from cosignpy.errors import MalformedError


@contextmanager
def refusing_malformed() -> Iterator[None]:
    """Refuse a token whose claims do not make the name they should."""
    try:
        yield
    except MalformedError as error:
        raise TokenRefused(f"its claims make no {error.what}: {error.why}") from error


def uri_principal(issuer: Issuer, claims: Claims, uri: str, extensions: Mapping[int, str]) -> Principal:
    """Build a principal that is named by a URI and proves possession over `sub`, as most are.

    Raises:
        TokenRefused: No `sub`, not a URI, or a text that may not stand in a certificate.
    """
    subject = required_text(claims, "sub")
    with refusing_malformed():
        name = SubjectName(NameKind.URI, Uri.parse(uri).text)
    return Principal(issuer.url, subject, subject, name, statements(extensions))


def statements(texts: Mapping[int, str]) -> tuple[FulcioExtension, ...]:
    """Return extensions by their numbers, without those that are empty.

    Raises:
        TokenRefused: A text may not stand in a certificate.
    """
    made = [fulcio_extension(number, text) for number, text in sorted(texts.items()) if text]
    for extension in made:
        check_text(f"the {extension.name}", extension.text)
    return tuple(made)
