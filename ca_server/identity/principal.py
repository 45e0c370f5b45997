"""Who authenticated: what a certificate will say about the holder of a token."""

from cosignpy.core.x509.fulcio_extensions import FulcioExtension
from cosignpy.core.x509.subject_alt_name import SubjectName
from cosignpy.values import value


@value
class Principal:
    """A verified identity, complete: nothing of the token is needed any more to issue a certificate."""

    issuer: str
    """The text of extensions .1 and .8: `iss`, or what the issuer claim says instead."""
    subject: str
    """The text of extension .24: `sub`; empty where an e-mail token has none, and there is no extension then."""
    challenge: str
    """What the proof of possession is a signature of, in UTF-8."""
    name: SubjectName
    """The one subject alternative name."""
    extensions: tuple[FulcioExtension, ...] = ()
    """Extensions .2 to .6 and .9 to .23, by their numbers; none is empty."""
