"""Bad tokens and bad issuers, sent to a running authority: each is refused in its words and put on record."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import HMACAlgorithm

from tests.support.ca_process import serve_authority
from tests.support.ca_site import V2, Reply, Site, init_authority, key_request, password_set
from tests.support.hostile_issuer import DOCUMENT, HostileIssuer
from tests.support.raw_server import hang_up, reply, stall
from tests.support.tokens import AUDIENCE, EMAIL, TokenIssuer, TokenKey, b64url, encode_json

if TYPE_CHECKING:
    from pathlib import Path

REFUSED: Final = "There was an error processing the identity token"
BAD_ISSUERS: Final = ("down", "slow", "elsewhere", "large", "html", "another")


@pytest.fixture(scope="module")
def issuers() -> Iterator[Mapping[str, HostileIssuer]]:
    with ExitStack() as stack:
        made = {name: stack.enter_context(HostileIssuer()) for name in ("good", *BAD_ISSUERS)}
        made["good"].issuer.keys = [TokenKey.make("RS256"), TokenKey.make("ES256", "second")]
        made["down"].do(hang_up)
        made["slow"].do(stall())
        made["elsewhere"].do(reply(302, Location=f"{made['good'].issuer.url}{DOCUMENT}"))
        made["large"].do(reply(200, b" " * (10 << 20)))
        made["html"].do(reply(200, b"<!doctype html>", Content_Type="text/html"))
        made["another"].do(reply(200, made["good"].issuer.discovery()))
        yield made


@pytest.fixture(scope="module")
def site(issuers: Mapping[str, HostileIssuer], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("site")
    init_authority(folder / "ca")
    urls = [hostile.issuer.url for hostile in issuers.values()]
    entries = {url: {"IssuerURL": url, "ClientID": AUDIENCE, "Type": "email"} for url in urls}
    (folder / "issuers.json").write_text(json.dumps({"OIDCIssuers": entries}))
    settings = "transparency:\n  sct: none\nidentity:\n  issuers: ../issuers.json\n  fetch_timeout: 3s\n"
    with password_set(), serve_authority(folder / "ca", settings) as running:
        yield Site(running, None, issuers["good"].issuer)  # type: ignore[arg-type] # no log is needed to refuse


def audit(site: Site, name: str) -> dict[str, Any]:
    """Return the one line about a request."""
    (line,) = [line for line in site.audit() if line.get("request_id") == name]
    return line


def ask(site: Site, token: str, name: str) -> Reply:
    return site.post(V2, key_request(token), X_Request_Id=name)


def is_refused(site: Site, token: str, name: str) -> str:
    """Show that a token is refused as the real server does it; return the reason on record."""
    answer = ask(site, token, name)
    assert (answer.status, answer.json) == (400, {"code": 3, "message": REFUSED, "details": []})
    line = audit(site, name)
    assert (line["message"], line["status"]) == ("certificate refused", 400)
    assert all(part not in json.dumps(line) for part in token.split(".") if len(part) > 8)
    return str(line["reason"])


def test_a_good_token_is_taken(site: Site) -> None:
    assert ask(site, site.issuer.token(), "good").status == 200
    assert audit(site, "good")["message"] == "certificate issued"


def raw_token(header: Mapping[str, Any], claims: Mapping[str, Any], signature: bytes) -> str:
    return f"{b64url(encode_json(header))}.{b64url(encode_json(claims))}.{b64url(signature)}"


def unsigned(issuer: TokenIssuer) -> str:
    return raw_token({"alg": "none"}, issuer.claims(), b"")


def signed_with_the_public_key(issuer: TokenIssuer) -> str:
    key = issuer.keys[0].handle.public_key()
    secret = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "kid": issuer.keys[0].key_id}
    message = raw_token(header, issuer.claims(), b"").rpartition(".")[0]
    return f"{message}.{b64url(HMACAlgorithm(HMACAlgorithm.SHA256).sign(message.encode(), secret))}"


def of_a_stranger(issuer: TokenIssuer, **header: Any) -> str:
    stranger = TokenKey.make("ES256", "stranger")
    return stranger.seal(encode_json(issuer.claims()), **{"kid": issuer.keys[0].key_id, **header})


def with_a_forged_claim(issuer: TokenIssuer) -> str:
    header, _, signature = issuer.token().split(".")
    return f"{header}.{b64url(encode_json(issuer.claims(email='mallory@example.com')))}.{signature}"


BAD: Final[Mapping[str, Callable[[TokenIssuer], str]]] = {
    "expired": lambda issuer: issuer.token(exp=int(issuer.now) - 1),
    "without an end": lambda issuer: issuer.token(exp=None),
    "not yet valid": lambda issuer: issuer.token(nbf=int(issuer.now) + 600),
    "for another audience": lambda issuer: issuer.token(aud="other"),
    "for others": lambda issuer: issuer.token(aud=["other", "another"]),
    "for nobody": lambda issuer: issuer.token(aud=None),
    "of an unknown issuer": lambda issuer: issuer.token(iss="https://accounts.example.com"),
    "of an issuer with a slash": lambda issuer: issuer.token(iss=f"{issuer.url}/"),
    "of an issuer in capitals": lambda issuer: issuer.token(iss=issuer.url.upper()),
    "of no issuer": lambda issuer: issuer.token(iss=None),
    "unsigned": unsigned,
    "unsigned with a signature": lambda issuer: raw_token({"alg": "none"}, issuer.claims(), b"signature"),
    "signed with the public key": signed_with_the_public_key,
    "of an unknown key": lambda issuer: of_a_stranger(issuer, kid="stranger", alg="ES256"),
    "of another key": of_a_stranger,
    "with a key of its own": lambda issuer: of_a_stranger(issuer, jwk=TokenKey.make("ES256", "stranger").jwk()),
    "with keys elsewhere": lambda issuer: of_a_stranger(issuer, jku="https://attacker.example.com/keys"),
    "with a certificate elsewhere": lambda issuer: of_a_stranger(issuer, x5u="https://attacker.example.com/cert"),
    "with a critical header": lambda issuer: issuer.keys[0].seal(encode_json(issuer.claims()), crit=["exp"]),
    "with a forged claim": with_a_forged_claim,
    "with an unverified e-mail": lambda issuer: issuer.token(email_verified=False),
    "with an e-mail nobody verified": lambda issuer: issuer.token(email_verified=None),
    "without an e-mail": lambda issuer: issuer.token(email=None),
    "with an e-mail that is none": lambda issuer: issuer.token(email="alice"),
    "with control characters": lambda issuer: issuer.token(email="alice\r\n@example.com"),
    "with a zero": lambda issuer: issuer.token(email="alice@example.com\0.attacker.example"),
    "with two e-mails": lambda issuer: issuer.keys[0].seal(
        encode_json(issuer.claims()).replace(b'"email"', b'"email":"mallory@example.com","email"', 1)
    ),
    "with a claim of 100 kB": lambda issuer: issuer.token(filler="x" * 100_000),
    "with an e-mail of 40 kB": lambda issuer: issuer.token(email=f"{'x' * 40_000}@example.com"),
    "of dots": lambda _: "." * 1_000_000,
    "of two parts": lambda issuer: issuer.token().rpartition(".")[0],
    "of four parts": lambda issuer: f"{issuer.token()}.AAAA",
    "with a line break": lambda issuer: f"{issuer.token()}\n",
    "empty": lambda _: "",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_is_refused_and_put_on_record(site: Site, name: str) -> None:
    assert is_refused(site, BAD[name](site.issuer), name.replace(" ", "-"))


@pytest.mark.parametrize(
    "member", [{"jku": "https://attacker.example.com/keys"}, {"x5u": "https://attacker.example.com/cert"}, {"x5c": []}]
)
def test_where_keys_may_be_in_a_header_is_not_looked_at(site: Site, member: dict[str, Any]) -> None:
    token = site.issuer.keys[0].seal(encode_json(site.issuer.claims()), **member)
    assert ask(site, token, "header").status == 200


def test_unknown_keys_cause_no_storm(site: Site, issuers: Mapping[str, HostileIssuer]) -> None:
    """Each of the two processes asks at most once in ten seconds, however many unknown keys come."""
    ask(site, site.issuer.token(), "before")
    before = len(issuers["good"].asked)
    tokens = [of_a_stranger(site.issuer, kid=f"stranger-{number}") for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(lambda token: ask(site, token, "storm").status, tokens))
    assert statuses == {400}
    assert len(issuers["good"].asked) - before <= 2 * 2 * 2


@pytest.mark.parametrize("name", ["elsewhere", "large", "html", "another"])
def test_an_issuer_that_is_none_is_refused(site: Site, issuers: Mapping[str, HostileIssuer], name: str) -> None:
    assert is_refused(site, issuers[name].issuer.token(), name)


@pytest.mark.parametrize("name", ["down", "slow"])
def test_an_issuer_that_does_not_answer_is_no_fault_of_the_client(
    site: Site, issuers: Mapping[str, HostileIssuer], name: str
) -> None:
    """Clients try again, as they do with 503 and not with 400."""
    answer = ask(site, issuers[name].issuer.token(), name)
    assert (answer.status, answer.json["code"]) == (503, 14)
    assert 1 <= int(answer.headers["retry-after"]) <= 10
    assert EMAIL not in answer.body.decode()
    line = audit(site, name)
    assert (line["message"], line["status"]) == ("certificate refused", 503)


def test_others_are_served_while_an_issuer_is_slow(site: Site, issuers: Mapping[str, HostileIssuer]) -> None:
    ask(site, site.issuer.token(), "before")
    done = threading.Event()

    def keep_asking() -> None:
        while not done.is_set():
            ask(site, issuers["slow"].issuer.token(), "slow-again")

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(keep_asking)
        try:
            for _ in range(20):
                assert ask(site, site.issuer.token(), "meanwhile").status == 200
        finally:
            done.set()
