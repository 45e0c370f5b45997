"""Images that the local Docker engine knows, as the registry images they are: the one user of the docker SDK.

An engine keeps layers unpacked, so the digest of an image exists only where it was pushed to or pulled from.
What can be signed or verified is that image on its registry, and the engine knows its digest.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import docker
import docker.errors
import requests

from cosignpy.core.oci.reference import Reference
from cosignpy.errors import MalformedError, NoSuchTag, RemoteError, Unreachable, UsageError

TIMEOUT: Final = 15
"""Seconds; an engine answers from its own database."""
DEFAULT_HOST: Final = "unix:///var/run/docker.sock"
_SERVICE: Final = "Docker engine"


def resolve_daemon_image(name: str, environment: Mapping[str, str]) -> Reference:
    """Return the registry reference, by digest, of an image that the engine knows as `name`.

    `environment` says where the engine is, as for the `docker` command (DOCKER_HOST, DOCKER_TLS_VERIFY ...).

    Raises:
        NoSuchTag: The engine does not have the image.
        UsageError: It has it, and knows no digest of it on a registry, or several.
        Unreachable: No engine answers.
        RemoteError: The engine failed.
    """
    return _select_digest(name, _fetch_repo_digests(name, environment))


def _fetch_repo_digests(name: str, environment: Mapping[str, str]) -> Sequence[Reference]:
    host = environment.get("DOCKER_HOST") or DEFAULT_HOST
    try:
        client = docker.from_env(timeout=TIMEOUT, environment=dict(environment))
        try:
            found = client.images.get(name).attrs
        finally:
            client.close()
    except docker.errors.ImageNotFound as error:
        raise NoSuchTag(f"docker-daemon:{name}", f"see `docker image ls`, or get it by `docker pull {name}`") from error
    except docker.errors.APIError as error:
        raise RemoteError(_SERVICE, host, error.status_code, str(error.explanation)) from error
    except (docker.errors.DockerException, requests.RequestException) as error:
        hint = "start it, or set DOCKER_HOST to where it listens"
        raise Unreachable(_SERVICE, host, None, "no answer at DOCKER_HOST", hint=hint) from error
    return [_parse_repo_digest(text) for text in found.get("RepoDigests") or ()]


def _parse_repo_digest(text: str) -> Reference:
    reference = Reference.parse(text)
    if reference.digest is None:
        raise MalformedError("answer of the Docker engine", f"{text!r} has no digest")
    return reference


def _select_digest(name: str, known: Sequence[Reference]) -> Reference:
    """Choose the digest in the repository that the name is of; another's only where there is one alone."""
    if not known:
        hint = f"push it first with `docker push {name}`, under a name that leads to your registry, then run this again"
        raise UsageError(f"{name} was never pushed or pulled: the Docker engine knows no registry digest of it", hint)
    same = [reference for reference in known if reference.name == _repository_of(name)]
    candidates = {(reference.name, reference.digest): reference for reference in same or known}
    if len(candidates) > 1:
        names = ", ".join(str(reference) for reference in candidates.values())
        raise UsageError(f"{name} is known under several digests; name one", names)
    return next(iter(candidates.values()))


def _repository_of(name: str) -> str:
    """Return the repository that a name is of; an image id parses as one too, which no digest is known in."""
    try:
        return Reference.parse(name).name
    except MalformedError:
        return ""
