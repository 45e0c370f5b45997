"""Which way to an identity is taken, as far as nobody is asked."""

import logging
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from cosignpy.errors import IdentityUnusable, NoIdentity, UsageError
from cosignpy.net.clock import Clock
from cosignpy.net.http import Request
from cosignpy.services.oidc import oauth
from cosignpy.services.oidc.ambient.place import Place
from cosignpy.services.oidc.obtain import Flow, Wanted, obtain_token, read_given
from tests.support.identity_tokens import NOW, token


class Reached(Exception):
    """Something was sent."""


class Tripwire:
    """Sends nothing, and says so."""

    def send(self, request: Request) -> NoReturn:
        raise Reached(str(request.url))


class Nobody:
    """Nobody is there, and no browser."""

    is_present = False
    has_browser = False

    def open_page(self, url: str) -> NoReturn:
        raise AssertionError(url)

    def tell(self, text: str) -> NoReturn:
        raise AssertionError(text)

    def ask(self, question: str) -> NoReturn:
        raise AssertionError(question)


class Somebody(Nobody):
    is_present = True


def obtain(wanted: Wanted, person: Any = None, environment: Mapping[str, str] | None = None) -> str:
    here = Place(environment or {}, Tripwire(), Clock(wall=lambda: NOW), Path("/nowhere"))
    return obtain_token(wanted, here, person or Nobody()).identity.name


AMBIENT = {"SIGSTORE_ID_TOKEN": token(email="eve@example.com")}


def test_a_token_that_is_given_beats_one_that_lies_ready(tmp_path: Path) -> None:
    assert obtain(Wanted(token=token()), environment=AMBIENT) == "ada@example.com"
    file = tmp_path / "token"
    file.write_text(token() + "\n")
    assert obtain(Wanted(token=str(file))) == "ada@example.com"


def test_a_token_that_is_given_is_checked() -> None:
    with pytest.raises(IdentityUnusable):
        obtain(Wanted(token=token(exp=NOW)))
    with pytest.raises(IdentityUnusable):
        obtain(Wanted(token=token(aud="another")))
    assert obtain(Wanted(token=token(aud="another"), client="another")) == "ada@example.com"
    assert obtain(Wanted(token=token(aud="another"), audience="another")) == "ada@example.com"


@pytest.mark.parametrize(
    "text", [token()[:-2] + ".", token() + "x.y", "no such file", "\0", "a" * 5000, "eyJ" + "a" * 400, "/"]
)
def test_what_is_neither_token_nor_file_is_not_repeated(text: str) -> None:
    with pytest.raises(IdentityUnusable) as caught:
        read_given(text)
    shown = f"{caught.value!r}{caught.value}{caught.value.hint}{caught.value.__cause__!r}"
    assert len(text) < 40 or text[:20] not in shown


def test_a_token_that_lies_ready_is_used_unless_told_otherwise() -> None:
    assert obtain(Wanted(), environment=AMBIENT) == "eve@example.com"
    assert obtain(Wanted(provider="envvar", flow=Flow.NORMAL), environment=AMBIENT) == "eve@example.com"
    with pytest.raises(NoIdentity):
        obtain(Wanted(ambient=False), environment=AMBIENT)
    with pytest.raises(Reached):
        obtain(Wanted(flow=Flow.NORMAL), environment=AMBIENT)


@pytest.mark.parametrize(
    "wanted", [Wanted(flow=Flow.TOKEN), Wanted(provider="envvar", ambient=False), Wanted(provider="nobody")]
)
def test_what_does_not_go_together_is_refused(wanted: Wanted) -> None:
    with pytest.raises(UsageError):
        obtain(wanted, environment=AMBIENT)


def test_nobody_is_nobody_and_the_hint_fits_the_place() -> None:
    with pytest.raises(NoIdentity) as caught:
        obtain(Wanted())
    assert "--identity-token" in str(caught.value.hint)
    with pytest.raises(NoIdentity) as caught:
        obtain(Wanted(), environment={"GITHUB_ACTIONS": "true"})
    assert "id-token: write" in str(caught.value.hint)


def test_somebody_is_asked_at_the_issuer() -> None:
    with pytest.raises(Reached) as caught:
        obtain(Wanted(issuer="https://issuer.example"), Somebody())
    assert str(caught.value) == "https://issuer.example/.well-known/openid-configuration"


def test_a_redirect_to_elsewhere_is_refused_before_anybody_is_asked() -> None:
    with pytest.raises(UsageError):
        obtain(Wanted(redirect="https://elsewhere.example/"), Somebody())


def test_the_audience_of_a_client_that_signs_in_itself_is_the_public_one() -> None:
    assert Wanted(client="ci", flow=Flow.CLIENT_CREDENTIALS).for_whom == "sigstore"
    assert Wanted(client="ci").for_whom == "ci"
    assert Wanted(client="ci", audience="a").for_whom == "a"


def test_secrets_are_in_no_representation() -> None:
    shown = repr(Wanted(token="a token", secret="a secret"))
    assert "a token" not in shown
    assert "a secret" not in shown
    assert "a secret" not in repr(oauth.OAuthClient("ci", "a secret"))


def test_the_library_that_logs_tokens_is_kept_from_it() -> None:
    for name in ("requests_oauthlib.oauth2_session", "oauthlib.oauth2.rfc6749.clients.base"):
        assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)


def test_a_token_that_lies_ready_costs_no_import_of_what_signing_in_needs() -> None:
    heavy = ("http.client", "id", "oauthlib", "requests", "ssl", "urllib3")
    code = f"import sys, cosignpy.services.oidc.obtain; print(*sorted(set(sys.modules) & set({heavy!r})))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
