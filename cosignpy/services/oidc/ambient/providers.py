"""The one table of providers. The first that is there counts; when it fails, that is an error: the next is another."""

from collections.abc import Callable, Iterator
from typing import Final

from cosignpy.errors import UsageError
from cosignpy.services.oidc.ambient import ci, files, google, spiffe
from cosignpy.services.oidc.ambient.place import Place
from cosignpy.services.oidc.token import IdentityToken
from cosignpy.values import value


@value
class Provider:
    """One provider: its name, how it is recognised without asking anybody, and how a token is got."""

    name: str
    title: str
    is_here: Callable[[Place], bool]
    fetch: Callable[[Place, str], str]

    def token(self, place: Place, audience: str) -> IdentityToken:
        """Get a token and check it.

        Raises:
            IdentityUnusable: There is none, or it is no good.
            RemoteError: Whoever has it did not give it.
        """
        token = IdentityToken.parse(self.fetch(place, audience), f"{self.title} ({self.name})")
        token.check(audience, place.clock.wall())
        return token


PROVIDERS: Final = (
    Provider("buildkite-agent", "Buildkite", ci.is_on_buildkite, ci.fetch_from_buildkite),
    Provider("circleci", "CircleCI", ci.is_on_circleci, ci.fetch_from_circleci),
    Provider("envvar", files.TOKEN_VARIABLE, files.is_in_variable, files.fetch_from_variable),
    Provider("filesystem", "token file", files.is_in_file, files.fetch_from_file),
    Provider("github-actions", "GitHub Actions", ci.is_on_github, ci.fetch_from_github),
    Provider("gitlab", "GitLab CI", ci.is_on_gitlab, ci.fetch_from_gitlab),
    Provider("google", "Google Cloud", google.is_on_google, google.fetch_from_google),
    Provider("spiffe", "SPIFFE", spiffe.is_spiffe, spiffe.fetch_from_spiffe),
)
"""In the order of their names, which is cosign's."""


def find_token(place: Place, audience: str, only: str = "") -> IdentityToken | None:
    """Return the token of the first provider that is here, or of the one that is named; None if none is here.

    Raises:
        UsageError: There is no provider of that name.
        IdentityUnusable: The provider has no token, or not one that is any good.
        RemoteError: Whoever has it did not give it.
    """
    if only:
        return _named(only).token(place, audience)
    found = next((provider for provider in PROVIDERS if provider.is_here(place)), None)
    return found.token(place, audience) if found else None


def advise(place: Place) -> str | None:
    """Say what is missing where this is a place that could have a token and has none."""
    return next(_near_misses(place), None)


def _near_misses(place: Place) -> Iterator[str]:
    if place.has("GITHUB_ACTIONS"):
        yield "this is a job of GitHub Actions: give it `permissions: id-token: write`"
    if place.has("GITLAB_CI"):
        yield "this is a job of GitLab CI: give it `id_tokens: SIGSTORE_ID_TOKEN: aud: sigstore`"
    if place.has("BUILDKITE"):
        yield f"this is a job of Buildkite: it needs {', '.join(ci.BUILDKITE)}"


def _named(name: str) -> Provider:
    found = {provider.name: provider for provider in PROVIDERS}
    if name not in found:
        raise UsageError(f"there is no identity provider {name!r}", f"one of {', '.join(found)}")
    return found[name]
