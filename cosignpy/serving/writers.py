"""Who may write: bearer tokens from a file, or client certificates, for logs and authorities that are not public.

Reading stays open. Each way of proving who one is says yes with a name, or no; a writer needs one yes.
"""

import hashlib
import hmac
import re
import stat
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Final, Protocol

from cryptography import x509
from starlette.types import ASGIApp, Receive, Scope, Send

from cosignpy.errors import CosignError, UsageError
from cosignpy.files import explain
from cosignpy.serving.asgi import header
from cosignpy.serving.problem import ErrorShape, Problem, answer_problem, problem_json
from cosignpy.serving.slow_clients import PEER_CERTIFICATE
from cosignpy.serving.watched import WatchedFiles
from cosignpy.values import record, value

WRITER: Final = "writer"
"""Where in a scope's `state` the name of the writer stands."""

MAX_TOKEN_FILE: Final = 64 * 1024
MAX_TOKENS: Final = 256
"""Each is compared with each request's token; more writers than that are better served by certificates."""

_LINE: Final = re.compile(r"(?P<name>[A-Za-z0-9._@-]{1,64})\s+(?P<secret>[!-~]{1,512})")
_HASH: Final = re.compile(r"sha256:(?P<digest>[0-9a-f]{64})")
_SHORTEST_TOKEN: Final = 16
"""Shorter ones can be guessed; `openssl rand -base64 32` makes good ones."""
_BEARER: Final = re.compile(rb"bearer +(?P<token>[!-~]{1,512})", re.IGNORECASE)
"""RFC 6750 section 2.1, RFC 9110 section 11.4."""

_CHALLENGE: Final = ((b"www-authenticate", b"Bearer"),)


@value
class Refusal:
    """Why someone may not write; `known` tells who proved a name that is not on the list from who proved none."""

    why: str
    known: bool = False


class Credential(Protocol):
    """One way to prove who one is."""

    def identify(self, scope: Scope) -> str | Refusal:
        """Return the name of the writer behind a request, or why it has none."""
        ...


class TokenFile:
    """Bearer tokens (RFC 6750), one a line: a name, then the token or `sha256:` and its hash in hexadecimal."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            FileError: It cannot be read.
            UsageError: Others may read it, or a line is not as it should be.
        """
        self._path = path
        self._watched = WatchedFiles(path)
        self._read()

    def reload_if_changed(self) -> None:
        """Take the tokens that the file has now.

        Raises:
            FileError: It cannot be read; the tokens it had stay valid.
            UsageError: It is not as it should be; as above.
        """
        self._watched.follow(self._read)

    def _read(self) -> None:
        self._digests = _load_tokens(self._path)

    def identify(self, scope: Scope) -> str | Refusal:
        """Return the name that stands before the request's token."""
        given = _BEARER.fullmatch(header(scope, b"authorization"))
        if given is None:
            return Refusal("a bearer token is needed")
        digest = hashlib.sha256(given["token"]).digest()
        found = ""
        for known, name in self._digests.items():  # all of them: how long it takes shall tell nothing
            if hmac.compare_digest(known, digest):
                found = name
        return found or Refusal("the bearer token is not valid")


def _load_tokens(path: Path) -> Mapping[bytes, str]:
    with explain(path), path.open("rb") as file:
        mode = path.stat().st_mode
        raw = file.read(MAX_TOKEN_FILE + 1)
    if stat.S_IMODE(mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(f"{path}: others than its owner may read or change it", f"chmod 600 {path}")
    if len(raw) > MAX_TOKEN_FILE:
        raise UsageError(f"{path}: larger than {MAX_TOKEN_FILE} bytes")
    digests: dict[bytes, str] = {}
    for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            name, digest = _parse_token(line.strip(), f"{path}:{number}")
            digests[digest] = name
    if len(digests) > MAX_TOKENS:
        raise UsageError(f"{path}: more than {MAX_TOKENS} tokens")
    return digests


def _parse_token(line: str, place: str) -> tuple[str, bytes]:
    parts = _LINE.fullmatch(line)
    if parts is None:
        raise UsageError(f"{place}: not a name and a token", "one a line: NAME TOKEN, or NAME sha256:HEX")
    hashed = _HASH.fullmatch(parts["secret"])
    if hashed is not None:
        return parts["name"], bytes.fromhex(hashed["digest"])
    if len(parts["secret"]) < _SHORTEST_TOKEN or parts["secret"].startswith("sha256:"):
        raise UsageError(
            f"{place}: a token has {_SHORTEST_TOKEN} characters at least, a hash 64 lower-case hexadecimal digits"
        )
    return parts["name"], hashlib.sha256(parts["secret"].encode("ascii")).digest()


class CertificateSubjects:
    """Client certificates, which TLS has verified already; who may write is listed by name.

    A name is the subject as RFC 4514 writes it (`CN=ci,O=Example`), or an alternative name with its kind:
    `dns:ci.example.com`, `uri:spiffe://example.com/ci`, `email:ci@example.com`. An empty list admits every
    certificate of the client CA.
    """

    def __init__(self, allowed: tuple[str, ...] = ()) -> None:
        self._allowed = frozenset(allowed)

    def identify(self, scope: Scope) -> str | Refusal:
        """Return the certificate's name that is on the list."""
        certificate = scope.get("state", {}).get(PEER_CERTIFICATE)
        if not certificate:
            return Refusal("a client certificate is needed")
        try:
            names = certificate_names(certificate)
        except ValueError:  # OpenSSL verified it and forgives more than we do
            return Refusal("the client certificate is malformed", known=True)
        admitted = [name for name in names if name in self._allowed or not self._allowed]
        return admitted[0] if admitted else Refusal("the client certificate is not that of a writer", known=True)


@lru_cache(maxsize=256)
def certificate_names(der: bytes) -> tuple[str, ...]:
    """Return all names of a certificate, its subject first."""
    certificate = x509.load_der_x509_certificate(der)
    names = [certificate.subject.rfc4514_string()]
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return tuple(names)
    for prefix, kind in _NAME_KINDS.items():
        names += [f"{prefix}:{name}" for name in alternative.get_values_for_type(kind)]
    return tuple(names)


_NAME_KINDS: Final[Mapping[str, type[x509.DNSName | x509.UniformResourceIdentifier | x509.RFC822Name]]] = {
    "dns": x509.DNSName,
    "uri": x509.UniformResourceIdentifier,
    "email": x509.RFC822Name,
}


@record
class WriterRefused(CosignError):
    """The client may not write."""

    problem: Problem

    def __str__(self) -> str:
        return self.problem.detail


def identify_writer(credentials: tuple[Credential, ...], scope: Scope) -> str:
    """Return the name of the writer behind a request; any one of the credentials is enough.

    Raises:
        WriterRefused: None of them says yes: 403 for a name that may not write, else 401.
    """
    refusals: list[Refusal] = []
    for credential in credentials:
        found = credential.identify(scope)
        if isinstance(found, str):
            return found
        refusals.append(found)
    why = ", or ".join(refusal.why for refusal in refusals)
    if any(refusal.known for refusal in refusals):
        raise WriterRefused(Problem(HTTPStatus.FORBIDDEN, why))
    raise WriterRefused(Problem(HTTPStatus.UNAUTHORIZED, why, _CHALLENGE))


class WritersOnly:
    """Lets an app be reached by writers only; wrap the routes that write."""

    def __init__(self, app: ASGIApp, credentials: tuple[Credential, ...], shape: ErrorShape = problem_json) -> None:
        self._app = app
        self._credentials = credentials
        self._shape = shape

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a writer's request; the app finds the name in the scope's `state`."""
        try:
            name = identify_writer(self._credentials, scope)
        except WriterRefused as error:
            await answer_problem(send, error.problem, self._shape)
            return
        scope.setdefault("state", {})[WRITER] = name
        await self._app(scope, receive, send)
