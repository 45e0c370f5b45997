"""The three ways in which a certificate becomes public, or does not."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final, TypeAlias

from ca_server.config import Embedding
from ca_server.issuance.ct_submit import Submission
from ca_server.issuance.embedding import build_logged_entry, issue_precertificate, issue_with_scts
from ca_server.issuance.errors import AuthorityFailed
from ca_server.issuance.self_check import Wanted, verify_embedded, verify_issued
from cosignpy.core.ct.precertificate import build_certificate_entry
from cosignpy.core.ct.sct import Sct
from cosignpy.core.x509.issuing import sign_certificate
from cosignpy.errors import CosignError
from cosignpy.values import field, value

Submit: TypeAlias = Callable[[Submission], Awaitable[Sct]]
"""Gets a log's promise; see `CtSubmissions.submit`."""


@value
class Published:
    """A certificate that was verified, and the promise of the log that has it, if one has."""

    leaf: bytes = field(repr=False)
    sct: Sct | None


async def publish_embedded(wanted: Wanted, submit: Submit) -> Published:
    """Have a precertificate logged, and issue the certificate with the promise in it (RFC 6962 section 3.1).

    Raises:
        AuthorityFailed: The authority does not sign, or signed something else.
        IssuanceRefused: No log promised anything.
    """
    issuing = wanted.issuing
    with blaming_authority():
        precertificate = issue_precertificate(wanted.template, issuing.signer)
        entry = build_logged_entry(wanted.template, issuing)
    sct = await submit(Submission((precertificate, *issuing.chain), entry))
    with blaming_authority():
        leaf = issue_with_scts(wanted.template, (sct,), issuing.signer)
    verify_embedded(verify_issued(leaf, wanted), entry)
    return Published(leaf, sct)


async def publish_detached(wanted: Wanted, submit: Submit) -> Published:
    """Have the finished certificate logged; the promise travels beside it.

    Raises:
        AuthorityFailed: The authority does not sign, or signed something else.
        IssuanceRefused: No log promised anything.
    """
    leaf = _issue(wanted)
    return Published(leaf, await submit(Submission((leaf, *wanted.issuing.chain), build_certificate_entry(leaf))))


async def publish_nowhere(wanted: Wanted, _: Submit) -> Published:
    """Issue a certificate that no log knows of.

    Raises:
        AuthorityFailed: The authority does not sign, or signed something else.
    """
    return Published(_issue(wanted), None)


def _issue(wanted: Wanted) -> bytes:
    with blaming_authority():
        leaf = sign_certificate(wanted.template, wanted.issuing.signer)
    verify_issued(leaf, wanted)
    return leaf


PUBLICATIONS: Final[Mapping[Embedding, Callable[[Wanted, Submit], Awaitable[Published]]]] = MappingProxyType(
    {
        Embedding.EMBEDDED: publish_embedded,
        Embedding.DETACHED: publish_detached,
        Embedding.NONE: publish_nowhere,
    }
)


@contextmanager
def blaming_authority() -> Iterator[None]:
    """Tell the authority's own failures from those of requests.

    Raises:
        AuthorityFailed: It has no certificate to issue under, or its key does not sign.
    """
    try:
        yield
    except CosignError as error:
        raise AuthorityFailed(str(error)) from error
