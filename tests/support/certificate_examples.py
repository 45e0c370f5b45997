"""The examples of docs/formats/certificates.md: certificates by the real flow, with keys and times that stay."""

import logging
from collections.abc import Callable, Mapping
from functools import cache
from io import StringIO
from typing import Final

from ca_server.issuance.audit import AuditLog
from ca_server.issuance.issue import IssuedCertificate
from cosignpy.core.ct.precertificate import POISON
from cosignpy.core.x509.extensions import SUBJECT_ALTERNATIVE_NAME
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.serving.request_log import JsonLines
from tests.support.fixed_keys import ALICE
from tests.support.issuance import ALICE_WITH_MAIL, TOKEN, USER, Desk, ask, open_desk, run

_RANDOM: Final = bytes(range(20))


@cache
def _issue_to_alice() -> tuple[Desk, IssuedCertificate]:
    desk = open_desk(random=lambda _: _RANDOM)
    return desk, run(desk.issuer.issue(ask(ALICE_WITH_MAIL, ALICE), TOKEN))


def leaf() -> bytes:
    """Return a certificate with an SCT in it."""
    return _issue_to_alice()[1].leaf


def poisoned_extension() -> bytes:
    """Return the last extension of its precertificate."""
    (submitted,) = _issue_to_alice()[0].log.submitted
    return _extension(submitted.chain[0], POISON)


def user_name_extension() -> bytes:
    """Return the name in the certificate of somebody whom an issuer knows by a user name."""
    issued = run(open_desk().issuer.issue(ask(USER, ALICE), "user"))
    return _extension(issued.leaf, SUBJECT_ALTERNATIVE_NAME)


def audit_line() -> bytes:
    """Return what is on record about the certificate, without what a line has of the moment it was written at."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("ca_server.audit.example")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(handler)
    (record,) = _issue_to_alice()[0].records
    AuditLog(log).write(record)
    log.removeHandler(handler)
    _, _, rest = stream.getvalue().partition(",")
    return b"{" + rest.encode()


def _extension(certificate: bytes, oid: bytes) -> bytes:
    (found,) = (extension.raw for extension in TbsCertificate.parse(certificate).extensions if extension.oid == oid)
    return found


EXAMPLES: Final[Mapping[str, Callable[[], bytes]]] = {
    "certificate": leaf,
    "certificate-audit": audit_line,
    "certificate-poison": poisoned_extension,
    "certificate-user-name": user_name_extension,
}
"""Each example by the name that its block carries."""
