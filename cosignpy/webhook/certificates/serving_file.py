"""The server's certificate and key in one file, for OpenSSL, which reads no others; no other user may open it."""

import os
import tempfile
from pathlib import Path
from typing import Final

from cosignpy.errors import FileError
from cosignpy.serving.threaded import TlsFiles
from cosignpy.serving.tls_reload import ReloadingContext
from cosignpy.webhook.certificates.issuing import Identity

_NAME: Final = "server.pem"


class ServingFile:
    """A TLS context that is handed certificates, in a folder of its own; where it lies in memory, so do they."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="cosignpy-webhook-", dir=folder)
        self._file = Path(self._folder.name, _NAME)
        self._context: ReloadingContext | None = None
        self._served: Identity | None = None

    @property
    def served(self) -> Identity | None:
        """What new connections get; None before there is anything."""
        return self._served

    def serve(self, identity: Identity) -> ReloadingContext:
        """Serve with a certificate from now on; return the context, which is always the same.

        Raises:
            FileError: It cannot be written.
            UsageError: It cannot be served with; the former one stays in force.
        """
        if self._context is not None and self._served == identity:
            return self._context
        self._write(identity)
        if self._context is None:
            self._context = ReloadingContext.load(TlsFiles(self._file, self._file))
        else:
            self._context.reload_if_changed()
        self._served = identity
        return self._context

    def _write(self, identity: Identity) -> None:
        """Replace the file at once: nobody reads half of it, or a certificate with another's key."""
        fresh = self._file.with_suffix(".new")
        try:
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
                file.write(identity.certificate_pem + identity.key_pem)
            fresh.replace(self._file)
        except OSError as error:
            raise FileError(str(self._file), f"cannot be written: {error.strerror}") from error

    def close(self) -> None:
        """Remove the file."""
        self._folder.cleanup()
