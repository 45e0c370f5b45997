"""Signing in at the development issuer by every flow, and everything that can come in between."""

import errno
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from cosignpy.errors import IdentityUnusable, RemoteError
from cosignpy.net.clock import Clock
from cosignpy.services.oidc import flows
from cosignpy.services.oidc.loopback import Loopback
from cosignpy.services.oidc.oauth import OAuthClient
from cosignpy.services.oidc.obtain import Flow, Wanted, obtain_token
from cosignpy.services.oidc.redirect import DEFAULT_REDIRECT, Redirect
from cosignpy.services.oidc.token import IdentityToken
from cosignpy.stack.devidp.clients import ServiceAccount
from cosignpy.stack.devidp.server import DevIdp, DevIdpOptions
from cosignpy.values import replace
from tests.support.form_browser import FormBrowser
from tests.support.http_calls import Caller
from tests.support.oidc_client import OidcClient, Person
from tests.support.registries import free_port
from tests.support.sign_ins import ADA, CLIENT, BrowsingPerson, place, sign_in

HERE = Redirect.parse(DEFAULT_REDIRECT)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    options = DevIdpOptions(service_accounts=(ServiceAccount("ci", "the secret"),), device_interval=1)
    with DevIdp(options) as running:
        yield running.url


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    CLIENT.close()


def with_query(url: str, **changes: str) -> str:
    parts = urlsplit(url)
    return parts._replace(query=urlencode({**dict(parse_qsl(parts.query)), **changes})).geturl()


def callback_of(url: str) -> str:
    return dict(parse_qsl(urlsplit(url).query))["redirect_uri"]


def arrive(url: str, person: Person = ADA) -> str:
    """Sign in, and return where the browser would go then."""
    return FormBrowser(callback_of(url)).answer_all(url, person.answers)


# --- the browser of this machine ---


def test_a_person_signs_in_with_the_browser(issuer: str) -> None:
    person = BrowsingPerson()
    token = flows.sign_in_here(sign_in(issuer, person), HERE)
    assert (token.identity.name, token.identity.issuer, token.source) == (ADA.email, issuer, issuer)
    assert "You are signed in" in person.page()
    assert ADA.email in person.page()
    assert person.opened[0] in person.told[0]


def test_what_is_asked_is_protected(issuer: str) -> None:
    person = BrowsingPerson()
    flows.sign_in_here(sign_in(issuer, person), HERE)
    flows.sign_in_here(sign_in(issuer, person), HERE)
    first, second = (dict(parse_qsl(urlsplit(url).query)) for url in person.opened)
    assert first["code_challenge_method"] == "S256"
    assert {"openid", "email"} == set(first["scope"].split())
    assert all(len(first[name]) >= 43 for name in ("state", "nonce", "code_challenge"))
    assert [name for name in ("state", "nonce", "code_challenge") if first[name] == second[name]] == []


def test_somebody_who_says_no_is_told_and_so_is_the_terminal(issuer: str) -> None:
    person = BrowsingPerson(replace(ADA, willing=False))
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_here(sign_in(issuer, person), HERE)
    assert "access was denied" in caught.value.why
    assert "You are not signed in" in person.page()


def test_an_answer_with_another_state_is_not_used_and_the_right_one_still_is(issuer: str) -> None:
    pages: list[str] = []

    def visit(url: str) -> str:
        answer = arrive(url)
        for wrong in (with_query(answer, state="x" * 43), f"{answer}&state=x", answer.partition("?")[0]):
            reply = Caller(wrong).get("")
            assert reply.status == 400
            pages.append(reply.body.decode())
        return Caller(answer).get("").body.decode()

    person = BrowsingPerson(visit=visit)
    assert flows.sign_in_here(sign_in(issuer, person), HERE).identity.name == ADA.email
    assert all("not the sign-in that was started" in page for page in pages)
    assert len(pages) == 3


def test_a_token_for_another_nonce_is_refused(issuer: str) -> None:
    person = BrowsingPerson(visit=lambda url: Caller(arrive(with_query(url, nonce="another"))).get("").body.decode())
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_here(sign_in(issuer, person), HERE)
    assert "nonce" in caught.value.why
    assert "You are not signed in" in person.page()


def test_a_code_that_was_bound_to_another_challenge_is_refused(issuer: str) -> None:
    """Whoever steals a code has no verifier, and whoever plants one has another."""
    person = BrowsingPerson(
        visit=lambda url: Caller(arrive(with_query(url, code_challenge="x" * 43))).get("").body.decode()
    )
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_here(sign_in(issuer, person), HERE)
    assert "refused the code" in caught.value.why


def test_an_answer_of_another_issuer_is_refused(issuer: str) -> None:
    person = BrowsingPerson(
        visit=lambda url: Caller(f"{arrive(url)}&iss=https%3A%2F%2Fevil.example").get("").body.decode()
    )
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_here(sign_in(issuer, person), HERE)
    assert "another issuer" in caught.value.why


def test_an_issuer_that_says_who_it_is_is_held_to_it(issuer: str) -> None:
    started = sign_in(issuer, BrowsingPerson())
    held = replace(started, issuer=replace(started.issuer, tells_issuer=True))
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_here(held, HERE)
    assert "another issuer" in caught.value.why


def test_an_answer_without_a_code_is_refused(issuer: str) -> None:
    person = BrowsingPerson(visit=lambda url: Caller(with_query(arrive(url), code="")).get("").body.decode())
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_here(sign_in(issuer, person), HERE)
    assert "no code" in caught.value.why


def test_nobody_signs_in_in_time(issuer: str) -> None:
    person = BrowsingPerson(visit=lambda _: "")
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_here(replace(sign_in(issuer, person), seconds=0.1), HERE)
    assert "within 0.1 seconds" in caught.value.why


def test_a_port_that_is_taken_is_named(issuer: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(IdentityUnusable) as caught:
            flows.sign_in_here(sign_in(issuer, BrowsingPerson()), Redirect("localhost", port, "/"))
    assert f"localhost:{port}" in caught.value.why
    assert "--oidc-redirect-url" in str(caught.value.hint)


def test_nobody_else_may_have_the_other_address_of_localhost(issuer: str) -> None:
    """A browser may look there first."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(IdentityUnusable) as caught:
            flows.sign_in_here(sign_in(issuer, BrowsingPerson()), Redirect("localhost", port, "/"))
    assert f"localhost:{port}" in caught.value.why
    with Loopback(Redirect("localhost", port, "/"), "state"):  # what was listened at was let go
        for host in ("127.0.0.1", "[::1]"):
            assert Caller(f"http://{host}:{port}/").get("", Host=f"localhost:{port}").status == 400


def test_a_machine_without_the_other_address_does_without_it(issuer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bind = socket.socket.bind

    def refuse(self: socket.socket, address: tuple[object, ...]) -> None:
        if address[0] == "::1":
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        bind(self, address)

    monkeypatch.setattr(socket.socket, "bind", refuse)
    assert flows.sign_in_here(sign_in(issuer, BrowsingPerson()), HERE).identity.name == ADA.email
    with pytest.raises(IdentityUnusable):
        Loopback(Redirect.parse("http://[::1]:0/"), "state")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_fixed_address_is_used(issuer: str, host: str) -> None:
    person, port = BrowsingPerson(), free_port()
    token = flows.sign_in_here(sign_in(issuer, person), Redirect.parse(f"http://{host}:{port}/here"))
    assert token.identity.name == ADA.email
    assert callback_of(person.opened[0]) == f"http://{host}:{port}/here"


def test_an_issuer_without_pkce_or_without_a_page_signs_nobody_in(issuer: str) -> None:
    started = sign_in(issuer, BrowsingPerson())
    for changes in ({"proves_codes": False}, {"authorization": None}):
        with pytest.raises(IdentityUnusable):
            flows.sign_in_here(replace(started, issuer=replace(started.issuer, **changes)), HERE)


def test_an_interrupted_sign_in_leaves_the_browser_with_a_page(issuer: str) -> None:
    class Interrupting(BrowsingPerson):
        pass

    person = Interrupting()
    started = sign_in(issuer, person)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    broken = replace(started, clock=replace(started.clock, wall=interrupt))
    with pytest.raises(KeyboardInterrupt):
        flows.sign_in_here(broken, HERE)
    assert "broken off" in person.page()


# --- a browser elsewhere ---


def test_a_person_brings_the_address_of_another_browser(issuer: str) -> None:
    person = BrowsingPerson(answers=lambda told: f"  {arrive(told.splitlines()[1])}\n")
    assert flows.sign_in_elsewhere(sign_in(issuer, person), HERE).identity.name == ADA.email


@pytest.mark.parametrize(
    "pasted", ["", "a code", "http://localhost:1/auth/callback", "http://localhost:1/?code=a&code=b"]
)
def test_what_is_no_address_of_an_answer_is_refused(issuer: str, pasted: str) -> None:
    person = BrowsingPerson(answers=lambda _: pasted)
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_elsewhere(sign_in(issuer, person), HERE)
    assert "what was pasted is not the address" in caught.value.why


def test_an_address_of_another_sign_in_is_refused(issuer: str) -> None:
    person = BrowsingPerson(answers=lambda told: with_query(arrive(told.splitlines()[1]), state="x"))
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_elsewhere(sign_in(issuer, person), HERE)
    assert "another sign-in" in caught.value.why


# --- devices ---


def test_a_person_signs_in_on_another_device(issuer: str) -> None:
    person, waits = BrowsingPerson(), threading.Event()

    def approve(_: float) -> None:
        if not waits.is_set():
            waits.set()
            return
        page = person.told[0].splitlines()[1]
        FormBrowser("nowhere:").answer_all(page, ADA.answers)

    token = flows.sign_in_on_device(sign_in(issuer, person, sleep=_patient(approve)))
    assert token.identity.name == ADA.email
    assert "code: " in person.told[0]


def _patient(then: object) -> object:
    def sleep(seconds: float) -> None:
        then(seconds)  # type: ignore[operator]
        threading.Event().wait(seconds)

    return sleep


def test_a_device_that_is_denied_is_told_so(issuer: str) -> None:
    person = BrowsingPerson()

    def deny(_: float) -> None:
        FormBrowser("nowhere:").answer_all(person.told[0].splitlines()[1], replace(ADA, willing=False).answers)

    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_on_device(sign_in(issuer, person, sleep=deny))
    assert "denied" in caught.value.why


def test_nobody_enters_the_code(issuer: str) -> None:
    """The clock runs ahead; asking without a pause is asking too fast, which is answered with `slow_down`."""
    started = sign_in(issuer, BrowsingPerson(), sleep=lambda _: None)
    times = iter(range(0, 100_000, 100))
    hurried = replace(started, clock=replace(started.clock, monotonic=lambda: float(next(times))))
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_on_device(replace(hurried, conversation=started.conversation))
    assert "nobody entered the code in time" in caught.value.why


def test_an_issuer_without_devices_says_so(issuer: str) -> None:
    started = sign_in(issuer, BrowsingPerson())
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_on_device(replace(started, issuer=replace(started.issuer, device=None)))
    assert "no devices" in caught.value.why


# --- machines ---


@pytest.mark.parametrize("in_form", [True, False])
def test_a_client_signs_in_with_its_secret(issuer: str, in_form: bool) -> None:
    started = sign_in(issuer, BrowsingPerson(), OAuthClient("ci", "the secret"))
    token = flows.sign_in_client(replace(started, issuer=replace(started.issuer, secrets_in_form=in_form)))
    assert (token.identity.name, token.identity.challenge) == ("ci", "ci")


def test_a_client_with_another_secret_is_refused_and_the_secret_not_told(issuer: str) -> None:
    with pytest.raises(IdentityUnusable) as caught:
        flows.sign_in_client(sign_in(issuer, BrowsingPerson(), OAuthClient("ci", "another secret")))
    assert "refused the client 'ci'" in caught.value.why
    assert "another secret" not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"


def test_a_client_without_a_secret_has_no_identity(issuer: str) -> None:
    with pytest.raises(IdentityUnusable):
        flows.sign_in_client(sign_in(issuer, BrowsingPerson(), OAuthClient("ci")))


# --- issuers that are not as they should be ---


def test_a_document_of_another_issuer_is_refused(issuer: str) -> None:
    with pytest.raises(RemoteError) as caught:
        sign_in(issuer.replace("127.0.0.1", "localhost"), BrowsingPerson())
    assert "issuer" in caught.value.detail


def test_an_issuer_on_plain_http_elsewhere_is_not_asked() -> None:
    with pytest.raises(IdentityUnusable) as caught:
        sign_in("http://issuer.example", BrowsingPerson())
    assert "plain HTTP" in caught.value.why


def test_the_test_client_and_ours_get_the_same_identity(issuer: str) -> None:
    theirs = OidcClient.discover(issuer).authorize(ADA)["id_token"]
    ours = flows.sign_in_here(sign_in(issuer, BrowsingPerson()), HERE)
    assert IdentityToken.parse(theirs, "test").identity == ours.identity


def test_a_page_does_not_wait_for_ever() -> None:
    with Loopback(HERE, "the state") as loopback:
        loopback.page_seconds = 0.01
        reply = Caller(f"{loopback.url}?code=x&state=the%20state").get("")
    assert "the issuer took too long" in reply.body.decode().lower()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ADA.email),
        ({"flow": Flow.NORMAL}, ADA.email),
        ({"flow": Flow.DEVICE}, ADA.email),
        ({"flow": Flow.CLIENT_CREDENTIALS, "client": "ci", "secret": "the secret"}, "ci"),
    ],
)
def test_a_flow_that_is_wanted_is_taken(issuer: str, changes: dict[str, Any], expected: str) -> None:
    person = BrowsingPerson()

    def sleep(_: float) -> None:
        FormBrowser("nowhere:").answer_all(person.told[0].splitlines()[1], ADA.answers)

    here = replace(place(), clock=Clock(sleep=sleep))
    assert obtain_token(Wanted(issuer=issuer, **changes), here, person).identity.name == expected


def test_without_a_browser_the_address_is_asked_for(issuer: str) -> None:
    person = BrowsingPerson(browser=False, answers=lambda told: arrive(told.splitlines()[1]))
    assert obtain_token(Wanted(issuer=issuer), place(), person).identity.name == ADA.email
