"""What a client asks for, in the two forms that there are; how they are written is the routes' business."""

from cosignpy.values import field, value


@value
class SigningRequest:
    """A public key in PEM or DER with a proof of possession, or a certificate signing request in PEM.

    Where there is a certificate signing request, nothing else counts, as with the real server.
    """

    public_key: bytes = field(default=b"", repr=False)
    proof: bytes = field(default=b"", repr=False)
    csr: bytes = field(default=b"", repr=False)
