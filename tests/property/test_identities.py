"""Issuers and tokens of any content: mistakes are named, templates end, names are valid whoever wrote the claims."""

import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from cryptography.x509 import RFC822Name, UniformResourceIdentifier
from hypothesis import assume, given
from hypothesis import strategies as st

from ca_server.identity.claim_rules import ClaimRule, check_claims
from ca_server.identity.claim_text import MAX_TEXT
from ca_server.identity.claims import TokenRefused
from ca_server.identity.issuer_file import parse_issuers
from ca_server.identity.principal import Principal
from ca_server.identity.principals.table import build_principal
from ca_server.identity.template_syntax import parse_template
from ca_server.identity.templates import expand
from ca_server.identity.uris import Uri
from ca_server.identity.wildcards import Wildcards
from cosignpy.core.x509.fulcio_extensions import encode_fulcio_extension
from cosignpy.core.x509.subject_alt_name import NameKind, encode_subject_name
from cosignpy.errors import CosignError, MalformedError, UsageError
from tests.support.identity_examples import CLAIMS, CONFIGURATION, claims_of, issuer_of, issuers

ANY: Final = st.text()
CONTENTS: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY, inner, max_size=3),
    max_leaves=5,
)


def pieces_of(text: str) -> st.SearchStrategy[str]:
    """Draw one of the words of a text; `_` stands for a blank in it, `\\n` for a new line."""
    return st.sampled_from(text.split()).map(lambda word: word.replace("_", " ").replace("\\n", "\n"))


NASTY: Final = st.just("") | pieces_of(r". .. / // %2e%2E % %zz a@b.cc @ ! ? # : _ \n" + " \u00fc \x00 \u202e")
PIECES: Final = st.lists(NASTY | st.text("abz09-_/.@:", max_size=6), max_size=6).map("".join)
ACTIONS: Final = """
    {{ }} {{- -}} if else end .a .b eq ne and or not index . "a" `b` ( ) /* */ x _ _
    {{if_.a}} {{else}} {{end}} {{.a}} {{index_._"a"}} {{else_if_.b}}
"""
TEMPLATE_PIECES: Final = pieces_of(ACTIONS)
DOCUMENT: Final = r"""
    oidc-issuers meta-issuers ci-issuer-metadata https://a https://* type email uri client-id claim-rules claim equals
    subject-alternative-name-template matches :_ - [ ] { } , &a_ *a << " ' # !! | \ null {{ }} \n \n __ ____
"""
DOCUMENT_PIECES: Final = pieces_of(DOCUMENT) | st.sampled_from(["\t", "\u00fc"])


def refusal_of(attempt: Callable[[], object], kind: type[CosignError]) -> str:
    """Return why something is refused, empty where it is not; whatever else it raises goes on."""
    try:
        attempt()
    except kind as error:
        return str(error)
    return ""


@given(st.binary(max_size=200) | st.lists(DOCUMENT_PIECES, max_size=40).map(lambda pieces: "".join(pieces).encode()))
def test_whatever_a_file_holds_what_leaves_is_issuers_or_one_error(raw: bytes) -> None:
    assert "\n" not in refusal_of(lambda: parse_issuers(raw, "f"), UsageError)


@given(st.data())
def test_a_file_with_one_word_changed_is_issuers_or_one_error(data: st.DataObject) -> None:
    words = re.split(rb"(\s+|[{}\[\]:,\"'])", CONFIGURATION)
    place = data.draw(st.integers(0, len(words) - 1))
    words[place] = data.draw(DOCUMENT_PIECES | ANY).encode("utf-8", "replace")
    refusal_of(lambda: parse_issuers(b"".join(words), "f"), UsageError)


@given(CONTENTS)
def test_a_file_in_json_is_issuers_or_one_error(content: object) -> None:
    for document in (content, {"OIDCIssuers": content}, {"OIDCIssuers": {"https://a": content}}):
        raw = json.dumps(document).encode()
        refusal_of(lambda raw=raw: parse_issuers(raw, "f"), UsageError)


@given(st.lists(TEMPLATE_PIECES, max_size=30).map("".join) | ANY, st.dictionaries(st.sampled_from("ab"), PIECES))
def test_a_template_is_refused_or_makes_text_of_a_bounded_size(source: str, texts: dict[str, str]) -> None:
    if refusal_of(lambda: parse_template(source), MalformedError):
        return
    made: list[str] = []
    why = refusal_of(lambda: made.append(expand(parse_template(source), texts.get)), TokenRefused)
    assert "is missing" in why or "characters" in why or len(made[0]) <= MAX_TEXT


@given(PIECES | ANY)
def test_a_uri_that_is_accepted_is_ascii_and_stays_as_it_is(text: str) -> None:
    try:
        found = Uri.parse(text)
    except MalformedError:
        return
    assert Uri.parse(found.text) == found
    assert re.fullmatch(r"[\x21-\x7e]+", found.text)
    split = urlsplit(found.text)
    assert split.scheme == found.scheme
    assert split.username is None
    if found.host:
        assert (split.hostname or "").lower() == found.host.lower()
        assert not {".", ".."} & set(split.path.split("/"))


@given(PIECES | ANY)
def test_what_is_appended_to_a_uri_stays_below_it(part: str) -> None:
    base = Uri.parse("https://h.example/base/")
    try:
        joined = base.join(part)
    except MalformedError:
        return
    assert joined.startswith("https://h.example/base")
    assert Uri.parse(joined).text == joined
    assert "//" not in joined.removeprefix("https://")


def _translate(pattern: str) -> re.Pattern[str]:
    parts = {"**": "(?s:.*)", "*": "[^/]*"}
    return re.compile("".join(parts.get(part, re.escape(part)) for part in re.split(r"(\*+)", pattern)))


@given(st.text("ab/*", max_size=8), st.text("ab/\n", max_size=8))
def test_a_pattern_matches_what_a_regular_expression_would(pattern: str, text: str) -> None:
    assume("***" not in pattern)
    assert Wildcards.parse_claim(pattern).matches(text) is (_translate(pattern).fullmatch(text) is not None)


@given(st.text("ab-./*", max_size=8), st.text("ab-./\n\u00fc", max_size=8))
def test_the_url_of_many_issuers_matches_as_in_fulcio(pattern: str, text: str) -> None:
    theirs = re.compile(re.escape(pattern).replace(r"\*", "[-_a-zA-Z0-9]+"))
    assert Wildcards.parse_url(pattern).matches(text) is (theirs.fullmatch(text) is not None)


@given(st.dictionaries(st.sampled_from("ab"), CONTENTS), ANY)
def test_a_rule_decides_on_any_claims(claims: dict[str, Any], text: str) -> None:
    rule = ClaimRule(("a",), (text,))
    why = refusal_of(lambda: check_claims((rule,), claims), TokenRefused)
    if why:
        assert claims.get("a") != text or len(text) > MAX_TEXT
        assert "refused: claim a" in why


def _assert_valid(principal: Principal) -> None:
    """Show that a principal can stand in a certificate, by how `cryptography` reads its name."""
    encoded = encode_subject_name(principal.name)
    name = principal.name
    if name.kind is NameKind.EMAIL:
        RFC822Name(name.text)
    elif name.kind is NameKind.URI:
        UniformResourceIdentifier(name.text)
        assert Uri.parse(name.text).text == name.text
    assert len(name.text) <= MAX_TEXT
    assert encoded.raw
    assert principal.issuer
    assert principal.challenge
    numbers = [extension.number for extension in principal.extensions]
    assert numbers == sorted(set(numbers))
    assert {1, 7, 8, 24}.isdisjoint(numbers)
    for extension in principal.extensions:
        assert 0 < len(extension.text) <= MAX_TEXT
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", extension.text)
        encode_fulcio_extension(extension)


@pytest.mark.parametrize("url", CLAIMS)
@given(data=st.data())
def test_whatever_claims_say_a_principal_is_valid_or_refused(url: str, data: st.DataObject) -> None:
    others = ("email", "email_verified", "kubernetes.io", "home", "platform_url")
    names = st.sampled_from([*CLAIMS[url], *others])
    changes = data.draw(st.dictionaries(names, CONTENTS | PIECES, max_size=3))
    try:
        principal = build_principal(issuer_of(url), claims_of(url, **changes))
    except TokenRefused:
        return
    _assert_valid(principal)


@given(PIECES | ANY)
def test_only_a_configured_issuer_is_found(iss: str) -> None:
    try:
        found = issuers().find(iss)
    except TokenRefused:
        return
    assert found.url == iss
    assert found.is_wildcard or iss == found.configured
