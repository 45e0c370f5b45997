"""GitHub Actions, GitLab CI and CircleCI by the package `id`, and Buildkite's agent.

`id` is called one provider at a time: its public function asks all that it knows in an order of its own, in which a
build on one of Google's machines is Google before it is CircleCI. Whatever it says is shown redacted, since it repeats
what services answer. It reads the process's own environment.
"""

import re
from collections.abc import Callable
from typing import Final

from cosignpy.core.encoding import JsonObject, encode_json
from cosignpy.errors import IdentityUnusable
from cosignpy.net.http import Request
from cosignpy.net.redaction import REDACTED, redact_text
from cosignpy.services.conversation import Expected, endpoint
from cosignpy.services.oidc.ambient.place import Place
from cosignpy.services.oidc.claims import MAX_TOKEN

GITHUB: Final = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL")
BUILDKITE: Final = ("BUILDKITE_AGENT_ACCESS_TOKEN", "BUILDKITE_AGENT_ENDPOINT", "BUILDKITE_JOB_ID")

_SECONDS: Final = 30.0
_OK: Final = (200, 201)
_MAX_ANSWER: Final = 2 * MAX_TOKEN
_JOB: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TOKEN: Final = r"[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]+){0,2}"  # noqa: S105 - a pattern
"""What could be a token, or a part of one, in a text that others wrote."""


def is_on_github(place: Place) -> bool:
    """Tell whether this is a job of GitHub Actions that may have tokens."""
    return place.has(*GITHUB)


def fetch_from_github(place: Place, audience: str) -> str:
    """Ask the service of GitHub's runners.

    Raises:
        IdentityUnusable: It gave none.
    """
    from id._internal.oidc import ambient

    return _detect(ambient.detect_github, "GitHub Actions", place, audience)


def is_on_gitlab(place: Place) -> bool:
    """Tell whether this is a job of GitLab CI that asked for a token."""
    return place.has("GITLAB_CI") and any(name.endswith("_ID_TOKEN") for name in place.environment)


def fetch_from_gitlab(place: Place, audience: str) -> str:
    """Return what the job's `id_tokens` put into the environment.

    Raises:
        IdentityUnusable: It put nothing there.
    """
    from id._internal.oidc import ambient

    return _detect(ambient.detect_gitlab, "GitLab CI", place, audience)


def is_on_circleci(place: Place) -> bool:
    """Tell whether this is a job of CircleCI."""
    return place.has("CIRCLECI")


def fetch_from_circleci(place: Place, audience: str) -> str:
    """Ask CircleCI's program.

    Raises:
        IdentityUnusable: It gave none.
    """
    from id._internal.oidc import ambient

    return _detect(ambient.detect_circleci, "CircleCI", place, audience)


def _detect(detector: Callable[[str], str | None], name: str, place: Place, audience: str) -> str:
    from id import IdentityError
    from urllib3.exceptions import HTTPError

    try:
        token = detector(audience)
    except (IdentityError, HTTPError, OSError) as error:
        secrets = [place.read(variable) for variable in (*GITHUB, *BUILDKITE)]
        # Not `from error`: what it carries is what the service said.
        raise IdentityUnusable(name, _show(str(error), secrets), _HINTS.get(name)) from None
    if not token:
        raise IdentityUnusable(name, "the environment does not look like it", _HINTS.get(name))
    return token


_HINTS: Final = {
    "GitHub Actions": "does the job have `permissions: id-token: write`, and is GITHUB_ACTIONS set?",
    "GitLab CI": "does the job ask for it? `id_tokens: SIGSTORE_ID_TOKEN: aud: sigstore`",
    "CircleCI": "is a context given to the job? without one there is no token",
}


def _show(text: str, secrets: list[str]) -> str:
    for secret in filter(None, secrets):
        text = text.replace(secret, REDACTED)
    return re.sub(_TOKEN, REDACTED, redact_text(text))


# --- Buildkite ---


def is_on_buildkite(place: Place) -> bool:
    """Tell whether this is a job of a Buildkite agent."""
    return place.has(*BUILDKITE)


def fetch_from_buildkite(place: Place, audience: str) -> str:
    """Ask the agent's API for the token of this job, as cosign does.

    Raises:
        IdentityUnusable: The variables are no job's.
        RemoteError: It gave none.
    """
    secret, base, job = (place.read(variable) for variable in BUILDKITE)
    if not _JOB.fullmatch(job):
        raise IdentityUnusable("Buildkite", "BUILDKITE_JOB_ID is not the id of a job")
    url = endpoint(base, f"/jobs/{job}/oidc/tokens")
    headers = {"Authorization": f"Token {secret}", "Content-Type": "application/json", "Accept": "application/json"}
    talk = place.talk("Buildkite's agent API", _SECONDS, secret)
    request = Request("POST", url, headers, encode_json({"audience": audience}))
    answer = talk.ask(request, Expected(_OK, _MAX_ANSWER, "answer about a token"))
    with talk.understanding(answer):
        return JsonObject.parse(answer.body, what="answer about a token").text("token")
