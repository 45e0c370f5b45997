"""TLS for clients: whom to trust, what to show, and the one loud way not to check."""

import threading
from enum import Enum
from typing import TYPE_CHECKING, Final

from cosignpy.errors import FileError, MalformedError, UsageError
from cosignpy.values import field, value

if TYPE_CHECKING:
    import ssl

_ALPN: Final = ["http/1.1"]


class TlsVerification(Enum):
    """Whether a server must prove who it is."""

    REQUIRED = "required"
    SKIPPED_UNSAFE = "skipped"
    """Anyone on the way can be the server; for test registries only."""


@value
class TlsOptions:
    """What a connection with TLS needs to know; files are named, and read when first needed."""

    ca_file: str | None = None
    """Authorities trusted besides the system's."""
    client_cert: str | None = None
    client_key: str | None = field(default=None, repr=False)
    verification: TlsVerification = TlsVerification.REQUIRED
    ca_pem: bytes | None = None
    """More authorities, as the content of such a file."""


def build_context(options: TlsOptions) -> "ssl.SSLContext":
    """Build the TLS context: TLS 1.2 or later, the system's authorities and the given ones.

    Raises:
        FileError: A file with certificates or a key cannot be read or is not one.
        MalformedError: Authorities that are given without a file are none.
        UsageError: A client key without its certificate.
    """
    import ssl  # 4 ms that plain HTTP has no use for

    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(_ALPN)
    if options.ca_file is not None:
        _load_authorities(context, options.ca_file)
    if options.ca_pem is not None:
        _load_inline_authorities(context, options.ca_pem)
    if options.client_cert is not None:
        _load_client_certificate(context, options.client_cert, options.client_key)
    elif options.client_key is not None:
        raise UsageError("a client key needs its certificate", hint="pass --registry-client-cert too")
    if options.verification is TlsVerification.SKIPPED_UNSAFE:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class SharedTls:
    """One context for many clients with the same options: the system's authorities take 50 ms to read, and a megabyte.

    What its files had when it was built counts as long as it lives.
    """

    def __init__(self, options: TlsOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None

    def context(self) -> "ssl.SSLContext":
        """Return it; it is built when somebody wants it first.

        Raises:
            CosignError: As `build_context`.
        """
        with self._lock:
            if self._context is None:
                self._context = build_context(self._options)
            return self._context


def _load_authorities(context: "ssl.SSLContext", path: str) -> None:
    import ssl

    try:
        context.load_verify_locations(path)
    except ssl.SSLError as error:
        raise FileError(path, "no PEM certificates in it") from error
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})") from error


def _load_inline_authorities(context: "ssl.SSLContext", pem: bytes) -> None:
    import ssl

    try:
        context.load_verify_locations(cadata=pem.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise MalformedError("TLS authorities", "no PEM certificates in it") from error


def _refuse_passphrase() -> str:
    # Without a callback OpenSSL would ask on the terminal, and hang where there is none.
    return ""


def _load_client_certificate(context: "ssl.SSLContext", certificate: str, key: str | None) -> None:
    import ssl

    try:
        context.load_cert_chain(certificate, key, _refuse_passphrase)
    except ssl.SSLError as error:
        raise FileError(key or certificate, "not a PEM certificate with its unencrypted key") from error
    except OSError as error:
        raise FileError(error.filename or certificate, f"cannot be read ({error.strerror})") from error
