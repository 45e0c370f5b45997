"""How many certificates one identity gets, from the running server."""

from pathlib import Path

from tests.support.ca_site import V2, key_request, serve_site
from tests.support.token_server import serve_tokens

LIMIT = "limits:\n  identity: {per_second: 0.001, burst: 2}\n"


def test_one_identity_gets_so_many_and_others_are_not_kept_from_theirs(tmp_path: Path) -> None:
    with serve_tokens() as another, serve_site(tmp_path, "--workers=1", settings=LIMIT, others=[another.url]) as site:
        alice, bob = key_request(site.issuer.token()), "bob@example.com"
        assert [site.post(V2, alice).status for _ in range(2)] == [200, 200]
        refused = site.post(V2, alice)
        assert (refused.status, refused.json["code"], int(refused.headers["retry-after"]) > 0) == (429, 8, True)
        assert site.audit()[-1]["refusal"] == "TooMany"
        assert site.post(V2, key_request(site.issuer.token(email=bob), bob)).status == 200
        assert site.post(V2, key_request(another.token())).status == 200  # of the same name, as another issuer says


def test_who_is_not_the_holder_of_a_token_uses_up_nothing(tmp_path: Path) -> None:
    with serve_site(tmp_path, "--workers=1", settings=LIMIT) as site:
        forged = key_request(site.issuer.token()[:-4] + "AAAA")
        assert [site.post(V2, forged).status for _ in range(4)] == [400] * 4
        assert site.post(V2, key_request(site.issuer.token())).status == 200
