"""Whether a registry can be used: one that is named alone, or that of an image."""

from http import HTTPStatus
from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.oci.reference import Reference, parse_registry
from cosignpy.errors import CosignError, RemoteError, UsageError
from cosignpy.net.retry import NO_RETRIES
from cosignpy.operations.doctor.facts import RegistryFacts
from cosignpy.registry.credential_selection import select_credential
from cosignpy.registry.credentials import Anonymous, BasicCredential
from cosignpy.registry.endpoint import Endpoint
from cosignpy.registry.location import parse_location
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.reader import RepositoryReader
from cosignpy.registry.referrers import ReferrersApi
from cosignpy.registry.session import RegistrySession
from cosignpy.values import replace

_SECONDS: Final = 8.0
_NOTHING: Final = Digest.of(b"")
"""A subject that nothing refers to: a registry with the API answers all the same, with an empty list."""


def inspect_registry(text: str, options: RegistryOptions) -> RegistryFacts:
    """Ask a registry; `text` is a host, or an image.

    Raises:
        UsageError: A place that is no registry.
        MalformedError: Not a reference.
    """
    patient = replace(options, read_timeout=_SECONDS, retry=NO_RETRIES)
    if _is_host(text):
        return _ask_host(parse_registry(text), patient)
    location = parse_location(text)
    if not isinstance(location, Reference):
        raise UsageError(f"{text!r} is not on a registry", "name an image of a registry, or the registry alone")
    return _ask_image(location, patient)


def _is_host(text: str) -> bool:
    """Tell whether a name without a path is a host's: with a dot, a port, or this machine's own name."""
    name, _, port = text.partition(":")
    return "/" not in text and "@" not in text and ("." in name or name == "localhost" or port.isdecimal())


def _ask_host(registry: str, options: RegistryOptions) -> RegistryFacts:
    session = RegistrySession(registry, options)
    try:
        with session.send("GET", "/v2/", repository="") as response:
            if response.status != HTTPStatus.OK:
                raise session.error(response, "/v2/")
        return RegistryFacts(registry, shown=_shown(session, options, ""))
    except CosignError as error:
        return RegistryFacts(registry, error)
    finally:
        session.close()


def _ask_image(reference: Reference, options: RegistryOptions) -> RegistryFacts:
    session = RegistrySession(reference.registry, options)
    endpoint = Endpoint(session, reference.repository)
    missing: CosignError | None = None
    try:
        digest = _NOTHING
        try:
            digest = RepositoryReader(endpoint).fetch_manifest(reference.target).digest
        except RemoteError:
            raise
        except CosignError as error:
            missing = error
        has_referrers = ReferrersApi(endpoint).fetch(digest) is not None
        shown = _shown(session, options, reference.repository)
        return RegistryFacts(reference.name, None, has_referrers, shown, str(reference), missing)
    except CosignError as error:
        return RegistryFacts(reference.name, error)
    finally:
        session.close()


def _shown(session: RegistrySession, options: RegistryOptions, repository: str) -> str:
    """Return what kind of credentials a registry that asked for some was shown."""
    if not session.was_challenged:
        return ""
    credential = select_credential(options, session.registry, repository)
    if isinstance(credential, Anonymous):
        return "no credentials"
    return "a user and password" if isinstance(credential, BasicCredential) else "a token"
