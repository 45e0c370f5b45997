"""What a verified signature leaves behind in the log."""

from cosignpy.values import field, value


@value
class Verified:
    """A signature that its key made, both in canonical form, and the names of the signer."""

    key: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    subjects: tuple[str, ...] = ()
