"""What signing without a long-lived key needs from the outside world, as small protocols.

The clients in `cosignpy.services` fulfil them; adapters do not inherit from these.
"""

from typing import TYPE_CHECKING, Protocol

from cosignpy.core.keys.signatures import Signer
from cosignpy.core.rekor.log_entry import LogEntry
from cosignpy.core.rekor.proposals import SignedContent

if TYPE_CHECKING:
    from cosignpy.core.fulcio import IssuedCertificate


class Challenged(Protocol):
    """Who a token is about, as far as the proof of possession goes."""

    @property
    def challenge(self) -> str:
        """What the proof of possession signs: the address or the subject."""
        ...


class Credential(Protocol):
    """An identity token, good now."""

    @property
    def raw(self) -> str:
        """The token itself, which nothing shows."""
        ...

    @property
    def identity(self) -> Challenged:
        """Who it is about."""
        ...


class IdentitySource(Protocol):
    """Where tokens come from: a variable, a file, the platform this runs on, a person at a browser."""

    def obtain(self) -> Credential:
        """Return a token that is good now; a person may be asked.

        Raises:
            CosignError: There is none to be had.
        """
        ...


class CertificateAuthority(Protocol):
    """Who certifies keys for identities."""

    def request_certificate(self, signer: Signer, token: str, subject: str) -> "IssuedCertificate":
        """Return a certificate for a key and the identity of a token, shown to be for that key and valid now.

        Raises:
            RemoteError: The authority refuses, fails, or answers with what is no certificate.
            CertificateError: The certificate is not one to sign with.
        """
        ...


class TransparencyLog(Protocol):
    """Who keeps signatures for everybody to see."""

    def add(self, content: SignedContent) -> LogEntry:
        """Have a signature logged, and return the entry, which is about that signature; its proofs are not looked at.

        Raises:
            AlreadyLogged: It has an equal entry and does not give it; another signature makes another entry.
            RemoteError: The log refuses, fails, or answers with what is no entry.
            ClaimMismatch: Its answer is about something else.
            KeyUnusable: A key whose signatures it cannot verify.
        """
        ...


class TimestampAuthority(Protocol):
    """Who states what time it is."""

    def timestamp(self, message: bytes) -> bytes:
        """Return an answer (TimeStampResp in DER) to a request of our own for this message.

        Raises:
            RemoteError: The authority fails, or answers with what is no timestamp.
            VerificationError: It refuses, or its timestamp is of something else.
        """
        ...
