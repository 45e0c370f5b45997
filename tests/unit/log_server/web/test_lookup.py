import pytest

from log_server.rekor.draft import search_key
from log_server.tlog.values import leaf_key
from log_server.web.entries import view_entry
from log_server.web.lookup import PAGE, Query, look_up, parse_query
from log_server.web.places import Place, places_of
from tests.support.page_logs import EMAIL, V1_TREE, PageLog, draft, hashedrekord, rekor_v1, rekor_v2

HEX = "ab" * 32


def place(log: PageLog, number: int = 0) -> Place:
    return next(one for one in places_of([log]) if one.number == number)


def find(log: PageLog, text: str, number: int = 0, after: int = -1) -> tuple[int, ...]:
    return look_up(place(log, number), parse_query(text), after).indices


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", Query("")),
        ("7", Query("7", 7, (search_key("7"),))),
        (f" {EMAIL} ", Query(EMAIL, None, (search_key(EMAIL.lower()),))),
    ],
)
def test_a_text_is_an_index_or_a_name(text: str, query: Query) -> None:
    assert parse_query(text) == query


@pytest.mark.parametrize("text", [HEX, HEX.upper(), f"sha256:{HEX}", f" SHA256:{HEX}\n"])
def test_64_digits_may_be_a_key_an_artifact_or_a_leaf(text: str) -> None:
    assert set(parse_query(text).keys) == {
        search_key(HEX),
        search_key(f"sha256:{HEX}"),
        leaf_key(bytes.fromhex(HEX)),
    }


@pytest.mark.parametrize(("digits", "name"), [(40, "sha1"), (96, "sha384"), (128, "sha512")])
def test_the_length_of_a_bare_digest_tells_its_algorithm(digits: int, name: str) -> None:
    assert set(parse_query("a" * digits).keys) == {search_key("a" * digits), search_key(f"{name}:{'a' * digits}")}


def test_a_digest_of_no_known_length_is_looked_up_as_it_is() -> None:
    assert parse_query("a" * 50).keys == (search_key("a" * 50),)


def test_80_digits_are_an_entry_id_with_the_number_of_its_tree() -> None:
    query = parse_query(f"{V1_TREE:016x}{HEX}")
    assert (query.tree_id, query.keys) == (V1_TREE, (leaf_key(bytes.fromhex(HEX)),))


def test_an_entry_is_found_by_each_of_its_keys() -> None:
    log = rekor_v1().add(draft(b"zero"), hashedrekord(5, b"key", EMAIL.lower(), HEX), draft(b"two"))
    (page,) = places_of([log])
    leaf = view_entry(page, 1).leaf_hash
    for text in ("1", EMAIL, HEX, f"{5:064x}", f"sha256:{5:064x}", leaf, f"{V1_TREE:016x}{leaf}"):
        assert find(log, text) == (1,)


def test_an_entry_id_of_another_tree_finds_nothing() -> None:
    log = rekor_v1().add(draft(b"zero"))
    leaf = view_entry(place(log), 0).leaf_hash
    assert find(log, f"{V1_TREE + 1:016x}{leaf}") == ()


def test_an_index_counts_over_all_shards() -> None:
    log = rekor_v1((0, 2)).add(draft(b"a"), draft(b"b"), shard=0).add(draft(b"c"), shard=1)
    assert [find(log, text, number) for text in ("1", "2", "3") for number in (0, 1)] == [(1,), (), (), (0,), (), ()]


def test_results_come_in_pages_without_gap_or_repetition() -> None:
    log = rekor_v2().add(*(draft(b"%d" % number, "x") for number in range(PAGE + 3)))
    first = look_up(place(log), parse_query("x"))
    rest = look_up(place(log), parse_query("x"), first.indices[-1])
    assert (first.indices, first.more) == (tuple(range(PAGE)), True)
    assert (rest.indices, rest.more) == (tuple(range(PAGE, PAGE + 3)), False)


def test_exactly_one_page_is_all_there_is() -> None:
    log = rekor_v2().add(*(draft(b"%d" % number, "x") for number in range(PAGE)))
    assert look_up(place(log), parse_query("x")).more is False


def test_what_the_index_knows_and_no_checkpoint_covers_yet_is_not_shown() -> None:
    log = rekor_v2().add(draft(b"a", "x"))
    published = log.active.reader.tree()
    log.add(draft(b"b", "x"))
    log.active.reader.objects.put("checkpoint", published.checkpoint)
    assert find(log, "x") == (0,)
