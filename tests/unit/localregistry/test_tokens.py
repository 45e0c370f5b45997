import pytest

from cosignpy.localregistry.access import ALL_ACTIONS, Action
from cosignpy.localregistry.auth import tokens
from cosignpy.localregistry.auth.accounts import Account
from cosignpy.localregistry.auth.tokens import TokenBook, parse_scopes

PULL, PUSH = frozenset({Action.PULL}), frozenset({Action.PULL, Action.PUSH})


@pytest.mark.parametrize(
    ("scopes", "permissions"),
    [
        (["repository:a/b:pull"], {"a/b": PULL}),
        (["repository:a:pull", "repository:a:push,pull"], {"a": PUSH}),
        (["repository:a:*"], {"a": ALL_ACTIONS}),
        (["repository(plugin):a:pull"], {"a": PULL}),
        (["repository:host:5000/a:pull"], {"host:5000/a": PULL}),
        (["repository:a:fly"], {"a": frozenset()}),
        (["registry:catalog:*", "nonsense", ""], {}),
    ],
)
def test_scopes(scopes: list[str], permissions: dict[str, frozenset[Action]]) -> None:
    assert parse_scopes(scopes) == permissions


def test_a_token_allows_what_is_wanted_and_allowed() -> None:
    book = TokenBook(60)
    assert book.use(book.issue(PULL, {"a": ALL_ACTIONS})) == {"a": PULL}


def test_a_token_has_its_time() -> None:
    now = [0.0]
    book = TokenBook(60, clock=lambda: now[0])
    token = book.issue(PULL, {})
    now[0] = 59.9
    assert book.use(token) == {}
    now[0] = 60.0
    assert book.use(token) is None
    assert book.use(token) is None


def test_the_oldest_tokens_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 2)
    book = TokenBook(60)
    issued = [book.issue(PULL, {}) for _ in range(3)]
    assert [book.use(token) for token in issued] == [None, {}, {}]
    refreshers = [book.issue_refresher(Account(str(number), "")) for number in range(3)]
    assert list(book.refreshers) == refreshers[1:]
