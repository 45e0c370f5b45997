"""TLS on the server itself."""

from ca_server.config import Settings
from cosignpy.serving.threaded import TlsFiles
from cosignpy.serving.tls_reload import ReloadingContext


def load_tls(settings: Settings) -> ReloadingContext | None:
    """Load the server's certificate and key, if it is to have them.

    Raises:
        UsageError: They cannot be used.
    """
    return ReloadingContext.load(TlsFiles(settings.tls.certificate, settings.tls.key)) if settings.tls else None
