"""Identities, clients, what is remembered for a while, and tokens: no server, no clock."""

import dataclasses

import jwt
import pytest
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant

from cosignpy.errors import MalformedError, UsageError
from cosignpy.stack.devidp.clients import SIGSTORE, ServiceAccount, is_loopback_redirect, list_clients
from cosignpy.stack.devidp.devices import DeviceBook, DeviceCodes, DeviceState, make_user_code, normalize
from cosignpy.stack.devidp.expiring import Expiring
from cosignpy.stack.devidp.grants import CODE_SECONDS, REFRESH_SECONDS, Approval, GrantBook, IssuedCode
from cosignpy.stack.devidp.identity import Identity, parse_claim, parse_email
from cosignpy.stack.devidp.key_ring import make_ring
from cosignpy.stack.devidp.minting import Minter
from cosignpy.stack.devidp.signing_keys import TokenAlgorithm

NOW = 1_700_000_000.0
ADA = Identity("ada@example.com")


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


# --- identities ---


def test_an_e_mail_address_is_taken_without_the_blanks_around_it() -> None:
    assert parse_email("  ada@example.com\n") == "ada@example.com"


@pytest.mark.parametrize(
    "text", ["", "ada", "@example.com", "ada@", "a da@example.com", "ada@exa\0mple.com", "<ada@example.com>", "a@b@c"]
)
def test_what_is_no_e_mail_address_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_email(text)
    assert caught.value.what == "e-mail address"


def test_an_e_mail_address_has_a_limit() -> None:
    assert parse_email("a" * 64 + "@" + "b" * 189)
    with pytest.raises(MalformedError):
        parse_email("a" * 64 + "@" + "b" * 190)


def test_the_claims_of_a_person_are_those_of_dex() -> None:
    claims = ADA.encode_claims()
    assert claims == {"sub": claims["sub"], "email": "ada@example.com", "email_verified": True}
    assert claims["sub"] == Identity("ada@example.com").encode_claims()["sub"]
    assert claims["sub"] != Identity("bob@example.com").encode_claims()["sub"]


def test_a_machine_has_a_subject_and_claims_beat_what_is_there() -> None:
    assert Identity(subject="repo:o/r").encode_claims() == {"sub": "repo:o/r"}
    assert Identity("a@b", claims={"email_verified": False, "n": 1}).encode_claims()["email_verified"] is False


def test_a_claim_is_a_name_and_json() -> None:
    assert parse_claim('repository="o/r"') == ("repository", "o/r")
    assert parse_claim('x={"a":[1,true]}') == ("x", {"a": [1, True]})
    assert parse_claim("https://x.example/claim=1") == ("https://x.example/claim", 1)


@pytest.mark.parametrize("text", ["", "name", "=1", "name=", "name=o/r", "na me=1", 'n={"a":1,"a":2}', "n=\udcff"])
def test_what_is_no_claim_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_claim(text)


# --- clients ---


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:53682/auth/callback",
        "http://127.0.0.1:80/",
        "http://127.9.8.7:1234",
        "http://[::1]:4711/x?a=b",
        "http://localhost",
    ],
)
def test_codes_go_to_this_machine(url: str) -> None:
    assert is_loopback_redirect(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost:1/cb",
        "http://example.com/cb",
        "http://localhost.example.com/cb",
        "http://localhost:1@example.com/cb",
        "http://localhost@example.com/",
        "http://127.0.0.1.example.com/",
        "http://localhost:1/cb#fragment",
        "http://localhost:1/cb#",
        "//localhost/cb",
        "urn:ietf:wg:oauth:2.0:oob",
        "http://localhost\\@example.com/",
        "http://localhost:1/\r\nx: y",
        "",
    ],
)
def test_codes_go_nowhere_else(url: str) -> None:
    assert not is_loopback_redirect(url)


def test_there_is_the_public_client_and_the_service_accounts() -> None:
    clients = list_clients([ServiceAccount("ci", "secret")])
    assert [*clients] == [SIGSTORE, "ci"]
    assert clients["ci"].account == ServiceAccount("ci", "secret", Identity(subject="ci"))
    assert clients["ci"].knows("secret")
    assert not clients["ci"].knows("")
    assert "'secret'" not in repr(clients)


@pytest.mark.parametrize(
    "accounts",
    [
        [ServiceAccount(SIGSTORE, "secret")],
        [ServiceAccount("", "secret")],
        [ServiceAccount("ci", "")],
        [ServiceAccount("ci", "secret"), ServiceAccount("ci", "other")],
    ],
    ids=["taken", "nameless", "no-secret", "twice"],
)
def test_service_accounts_need_names_and_secrets_of_their_own(accounts: list[ServiceAccount]) -> None:
    with pytest.raises(UsageError):
        list_clients(accounts)


# --- what is remembered for a while ---


def test_a_value_is_forgotten_when_its_time_is_over(hands: Hands) -> None:
    kept: Expiring[int] = Expiring(10, 5, hands)
    kept.put("a", 1)
    hands.now += 9.9
    assert kept.get("a") == 1
    kept.change("a", 2)
    hands.now += 0.1
    assert kept.get("a") is None
    kept.put("b", 3)
    assert len(kept) == 1


def test_the_oldest_value_makes_room(hands: Hands) -> None:
    kept: Expiring[int] = Expiring(10, 2, hands)
    for number, key in enumerate(["a", "b", "a", "c"]):
        kept.put(key, number)
    assert [kept.get(key) for key in "abc"] == [2, None, 3]
    kept.forget("a")
    kept.forget("a")
    assert len(kept) == 1


# --- codes and refresh tokens ---

APPROVAL = Approval(SIGSTORE, ADA, ("openid",), int(NOW))
CODE = IssuedCode(APPROVAL, "http://localhost/", "challenge", "nonce")


def test_a_code_is_good_once_for_its_client_and_for_a_minute(hands: Hands) -> None:
    book = GrantBook(hands)
    book.add_code("c", CODE)
    book.add_code("late", CODE)
    assert book.redeem_code("c", "another") is None
    assert book.redeem_code("c", SIGSTORE) == CODE
    assert book.redeem_code("c", SIGSTORE) is None
    assert book.redeem_code("unknown", SIGSTORE) is None
    hands.now += CODE_SECONDS
    assert book.redeem_code("late", SIGSTORE) is None


def test_a_code_that_is_shown_again_ends_what_came_of_it(hands: Hands) -> None:
    book = GrantBook(hands)
    book.add_code("c", CODE)
    book.redeem_code("c", SIGSTORE)
    book.add_refresh("r", APPROVAL)
    assert book.find_refresh("r", SIGSTORE) == APPROVAL
    book.redeem_code("c", SIGSTORE)
    assert book.find_refresh("r", SIGSTORE) is None


def test_a_refresh_token_that_is_shown_again_ends_its_successors(hands: Hands) -> None:
    book = GrantBook(hands)
    book.add_refresh("first", APPROVAL)
    book.spend_refresh("first")
    book.spend_refresh("unknown")
    book.add_refresh("second", APPROVAL)
    assert book.find_refresh("second", "another") is None
    assert book.find_refresh("second", SIGSTORE) == APPROVAL
    assert book.find_refresh("first", SIGSTORE) is None
    assert book.find_refresh("second", SIGSTORE) is None


def test_a_refresh_token_is_good_for_a_day(hands: Hands) -> None:
    book = GrantBook(hands)
    book.add_refresh("r", APPROVAL)
    hands.now += REFRESH_SECONDS
    assert book.find_refresh("r", SIGSTORE) is None


# --- devices ---

CODES = DeviceCodes("device", "BDFG-HJKL")


def begin(hands: Hands) -> DeviceBook:
    book = DeviceBook(hands)
    book.add(CODES, SIGSTORE, ("openid",))
    return book


def poll(book: DeviceBook, client: str = SIGSTORE) -> DeviceState | None:
    return book.poll("device", client)[0]


def test_a_device_gets_its_approval_once(hands: Hands) -> None:
    book = begin(hands)
    assert poll(book) is DeviceState.PENDING
    device = book.find("bdfg hjkl")
    assert device is not None
    device.approval = APPROVAL
    assert book.find("BDFGHJKL") is None
    hands.now += 5
    assert book.poll("device", SIGSTORE) == (DeviceState.AUTHORIZED, APPROVAL)
    assert poll(book) is None


def test_a_device_whose_user_denies_is_told_once(hands: Hands) -> None:
    book = begin(hands)
    device = book.find(CODES.user_code)
    assert device is not None
    device.denied = True
    assert poll(book) is DeviceState.DENIED
    assert poll(book) is None


def test_a_device_that_asks_too_often_has_to_wait_longer(hands: Hands) -> None:
    book = begin(hands)
    assert poll(book) is DeviceState.PENDING
    hands.now += 4.9
    assert poll(book) is DeviceState.SLOW_DOWN
    hands.now += 5
    assert poll(book) is DeviceState.SLOW_DOWN
    hands.now += 15
    assert poll(book) is DeviceState.PENDING


def test_a_device_that_is_late_is_told_so(hands: Hands) -> None:
    book = begin(hands)
    hands.now += 600
    assert poll(book) is DeviceState.EXPIRED
    assert book.find(CODES.user_code) is None
    hands.now += 600
    assert poll(book) is None


def test_a_device_code_is_its_clients(hands: Hands) -> None:
    assert poll(begin(hands), "another") is None


def test_a_user_code_is_easily_typed() -> None:
    code = make_user_code()
    assert len(normalize(code)) == 8
    assert set(code) <= set("BCDFGHJKLMNPQRSTVWXZ-")


def test_the_states_of_a_device_are_oauthlibs() -> None:
    theirs = {getattr(DeviceCodeGrant, name) for name in dir(DeviceCodeGrant) if name.startswith("DEVICE_CODE_")}
    assert theirs == set(DeviceState)


# --- tokens ---


@pytest.mark.parametrize("algorithm", TokenAlgorithm)
def test_a_token_says_who_and_for_whom_and_how_long(hands: Hands, algorithm: TokenAlgorithm) -> None:
    ring = make_ring(algorithm, hands)
    token = Minter("http://issuer", ring, hands, 600).mint("sigstore", ADA.encode_claims())
    key = ring.keys.current
    assert jwt.get_unverified_header(token) == {"alg": algorithm.value, "typ": "JWT", "kid": key.key_id}
    public = jwt.PyJWK(key.public_jwk())
    claims = jwt.decode(token, public, audience="sigstore", options={"verify_exp": False})
    expected = {"iss": "http://issuer", "aud": "sigstore", "iat": int(NOW), "exp": int(NOW) + 600}
    assert claims == {**expected, **ADA.encode_claims()}


def test_a_claim_can_be_wrong_on_purpose(hands: Hands) -> None:
    minter = Minter("http://issuer", make_ring(TokenAlgorithm.ES256, hands), hands, 600)
    token = minter.mint("sigstore", {"exp": 1, "iss": "http://other"})
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["exp"], claims["iss"]) == (1, "http://other")


def test_secrets_are_not_shown(hands: Hands) -> None:
    ring = make_ring(TokenAlgorithm.ES256, hands)
    assert "handle" not in repr(ring.keys)
    assert "ring" not in repr(Minter("http://issuer", ring, hands, 600))
    with pytest.raises(dataclasses.FrozenInstanceError):
        ring.keys.current.key_id = "other"  # type: ignore[misc]
