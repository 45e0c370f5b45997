"""A table that forgets what was not asked for longest."""

from ca_server.identity.least_recent import LeastRecent


def test_it_forgets_what_was_not_asked_for_longest() -> None:
    table: LeastRecent[str, int] = LeastRecent(2)
    table.put("a", 1)
    table.put("b", 2)
    assert table.get("a") == 1
    table.put("c", 3)
    assert [table.get(key) for key in "abc"] == [1, None, 3]
    table.put("a", 4)
    table.put("d", 5)
    assert (len(table), table.get("a"), table.get("c")) == (2, 4, None)


def test_what_is_removed_is_gone() -> None:
    table: LeastRecent[str, int] = LeastRecent(2)
    table.put("a", 1)
    table.remove("a")
    table.remove("a")
    assert (len(table), table.get("a")) == (0, None)
