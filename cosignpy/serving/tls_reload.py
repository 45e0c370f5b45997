"""TLS on the server itself, with certificates that are renewed without a restart.

Certificates live for weeks, servers for months. A `ReloadingContext` is given to the server once; each new
connection is set up with what its files said last. New files are tried in a context of their own first: loading
them into the one in use would leave it with a certificate and no key when the two do not belong together.
"""

import ssl
from enum import StrEnum
from typing import Any, Final, Self

from cosignpy.errors import UsageError
from cosignpy.serving.threaded import TlsFiles
from cosignpy.serving.watched import WatchedFiles

OLDEST_VERSION: Final = ssl.TLSVersion.TLSv1_2
"""RFC 8996 deprecates what came before."""

_HTTP: Final = "http/1.1"
"""The only protocol spoken here (RFC 7301)."""


class ClientCertificates(StrEnum):
    """Whether clients must show a certificate of the client CA, or may, so that only writers need one."""

    REQUIRED = "required"
    OPTIONAL = "optional"


_VERIFY_MODE: Final = {
    ClientCertificates.REQUIRED: ssl.CERT_REQUIRED,
    ClientCertificates.OPTIONAL: ssl.CERT_OPTIONAL,
}


class ReloadingContext(ssl.SSLContext):
    """A server's TLS context that follows its files; made by `load`, never directly."""

    _files: TlsFiles
    _clients: ClientCertificates
    _watched: WatchedFiles
    _current: ssl.SSLContext

    @classmethod
    def load(cls, files: TlsFiles, clients: ClientCertificates = ClientCertificates.REQUIRED) -> Self:
        """Read certificate, key and client CA.

        Raises:
            UsageError: They cannot be read, are not PEM, are encrypted, or do not belong together.
        """
        made = cls(ssl.PROTOCOL_TLS_SERVER)
        made._files, made._clients = files, clients
        made._watched = WatchedFiles(*_paths(files))
        made._read()
        return made

    def reload_if_changed(self) -> None:
        """Use the files as they are now for the connections to come.

        Raises:
            UsageError: They cannot be used; the old ones stay in force.
        """
        self._watched.follow(self._read)

    def _read(self) -> None:
        self._current = _build(self._files, self._clients)

    def wrap_bio(self, *positional: Any, **named: Any) -> ssl.SSLObject:  # noqa: ANN401 - passed on as they come
        """Set up one connection; asyncio and uvloop both come through here."""
        return self._current.wrap_bio(*positional, **named)


def _paths(files: TlsFiles) -> tuple[Any, ...]:
    return tuple(path for path in (files.certificate, files.key, files.client_ca) if path is not None)


def _build(files: TlsFiles, clients: ClientCertificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = OLDEST_VERSION
    context.set_alpn_protocols([_HTTP])
    try:
        context.load_cert_chain(files.certificate, files.key, password=_refuse_password)
    except (OSError, ValueError) as error:
        raise _unusable(f"{files.certificate} and {files.key}", error) from error
    if files.client_ca is not None:
        try:
            context.load_verify_locations(files.client_ca)
        except OSError as error:
            raise _unusable(str(files.client_ca), error) from error
        context.verify_mode = _VERIFY_MODE[clients]
    return context


def _refuse_password() -> str:
    """Answer for the terminal, which OpenSSL would otherwise ask: a server that waits there has not started."""
    raise ValueError("the key is encrypted; give one that is not, readable for the server alone")


def _unusable(what: str, error: Exception) -> UsageError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return UsageError(f"cannot serve TLS with {what}: {reason}", "files must be PEM and belong together")
