"""Rekor's faces under whatever comes in: searches against plain sets, and requests that nobody meant well."""

import json
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from log_server.rekor.accepted import Accepted
from log_server.rekor.draft import build_draft
from log_server.rekor.search import Operator, Query, search
from log_server.rekor.v1_routes import build_v1
from log_server.rekor.v2_routes import build_v2
from tests.support.memory_log import build_log, rotate, v1_shard, v2_shard
from tests.support.rekor_calls import V1_ENTRIES, V2_ENTRIES, get, post, propose_v1, propose_v2

LOG_KEY: Final = PrivateKey.generate(ECDSA_P256)
V1: Final = build_v1(build_log(v1_shard(LOG_KEY)))
V2: Final = build_v2(build_log(v2_shard(LOG_KEY)))
GOOD_V1: Final = propose_v1(LOG_KEY)
GOOD_V2: Final = propose_v2(LOG_KEY)
SERVER_ERROR: Final = 500

KEYS: Final = ("a@example.com", "b@example.com", "c@example.com")
ENTRIES: Final = st.lists(st.frozensets(st.sampled_from(KEYS)), max_size=12)
SMALL: Final = st.integers(min_value=-1, max_value=30)

JSON_VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    shards=st.lists(ENTRIES, min_size=1, max_size=3),
    wanted=st.lists(st.sampled_from(KEYS), min_size=1, max_size=3),
    operator=st.sampled_from(Operator),
    after=SMALL,
    limit=st.integers(min_value=1, max_value=10),
)
def test_a_search_finds_what_plain_sets_say(
    shards: list[list[frozenset[str]]], wanted: list[str], operator: Operator, after: int, limit: int
) -> None:
    log = build_log(v1_shard(LOG_KEY))
    expected: list[frozenset[str]] = [frozenset()]
    for number, entries in enumerate(shards):
        if number:
            first = log.first_of_next
            rotate(log, lambda signer, first=first: v1_shard(signer, 1 + first, first), LOG_KEY)  # type: ignore[misc]
            expected.append(frozenset())
        for place, keys in enumerate(entries):
            log.append_now(build_draft(Accepted(b"%d %d" % (number, place), tuple(sorted(keys)))))
            expected.append(keys)
    meets = set(wanted).issubset if operator is Operator.AND else lambda keys: not set(wanted).isdisjoint(keys)
    matching = [index for index, keys in enumerate(expected) if index > after and meets(keys)]
    found = search(log.shards, Query(tuple(wanted), operator, after, limit))
    assert [one.virtual_index for one in found] == matching[:limit]


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where a JSON document can be changed."""
    inside = value.items() if isinstance(value, dict) else ()
    return [at, *(path for name, inner in inside for path in paths(inner, (*at, name)))]


def changed(value: Any, path: tuple[Any, ...], content: object) -> Any:
    """Return a document with something else in one place."""
    if not path:
        return content
    return {name: changed(inner, path[1:], content) if name == path[0] else inner for name, inner in value.items()}


@given(path=st.sampled_from(paths(GOOD_V1)), content=JSON_VALUES)
def test_version_1_refuses_a_proposal_with_anything_else_in_one_place(path: tuple[Any, ...], content: object) -> None:
    answer = post(V1, V1_ENTRIES, json.dumps(changed(GOOD_V1, path, content)).encode())
    assert answer.status == 400
    assert answer.json["code"] == 400


@given(path=st.sampled_from(paths(GOOD_V2)), content=JSON_VALUES)
def test_version_2_refuses_a_request_with_anything_else_in_one_place(path: tuple[Any, ...], content: object) -> None:
    answer = post(V2, V2_ENTRIES, json.dumps(changed(GOOD_V2, path, content)).encode())
    assert answer.status == 400
    assert answer.json["code"] == 3


@given(raw=st.binary(max_size=200))
def test_bytes_that_are_no_entry_are_refused(raw: bytes) -> None:
    assert post(V1, V1_ENTRIES, raw).status == 400
    assert post(V2, V2_ENTRIES, raw).status == 400


@given(members=st.dictionaries(st.sampled_from(("entryUUIDs", "logIndexes", "entries")), JSON_VALUES))
def test_a_search_for_anything_is_answered_or_refused(members: dict[str, object]) -> None:
    assert post(V1, f"{V1_ENTRIES}/retrieve", json.dumps(members).encode()).status < SERVER_ERROR


@given(members=st.dictionaries(st.sampled_from(("email", "subject", "hash", "publicKey", "operator")), JSON_VALUES))
def test_a_search_of_the_index_for_anything_is_answered_or_refused(members: dict[str, object]) -> None:
    assert post(V1, "/api/v1/index/retrieve", json.dumps(members).encode()).status < SERVER_ERROR


@given(query=st.text(max_size=40), path=st.text(max_size=40))
def test_any_path_and_query_is_answered_or_refused(query: str, path: str) -> None:
    targets = ("/api/v1/log/proof", V1_ENTRIES, "/api/v1/log/publicKey", f"{V1_ENTRIES}/{path}", f"/{path}")
    for target in targets:
        assert get(V1, f"{target.replace('?', '')}?{query}").status < SERVER_ERROR
    for target in (V2_ENTRIES, f"{V2_ENTRIES}/{path}", f"/tile/{path}", f"/api/v2/{path}"):
        assert get(V2, f"{target.replace('?', '')}?{query}").status < SERVER_ERROR
