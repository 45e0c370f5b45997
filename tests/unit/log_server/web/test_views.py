import asyncio
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from starlette.applications import Starlette

from log_server.log import Log
from log_server.web.lookup import MAX_QUERY, PAGE
from log_server.web.views import MAX_WAITING, build_routes
from tests.support.asgi_calls import Answer, Client, ask, ask_async, scope_of
from tests.support.page_logs import (
    EMAIL,
    PageLog,
    body_of,
    certificate_entry,
    ct_log,
    draft,
    fulcio_leaf,
    hashedrekord,
    pem,
    rekor_v1,
    rekor_v2,
)

HOSTILE = "https://x.example/<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


class Html(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, tag: str, name: str) -> list[str | None]:
        return [attributes.get(name) for found, attributes in self.elements if found == tag]

    def references(self) -> Iterator[str]:
        for _, attributes in self.elements:
            for name in ("href", "src", "action"):
                if name in attributes:
                    yield attributes[name] or ""


def get(logs: Sequence[Log], path: str, *, headers: Sequence[tuple[bytes, bytes]] = (), **scope: Any) -> Answer:
    path, _, query = path.partition("?")
    return ask(Starlette(routes=build_routes(logs)), scope_of(path, headers, query_string=query.encode(), **scope))


def page(logs: Sequence[Log], path: str, **scope: Any) -> Html:
    answer = get(logs, path, **scope)
    assert answer.status == 200
    return Html(answer.body)


def search(logs: Sequence[Log], text: str) -> Answer:
    return get(logs, f"/search?{urlencode({'q': text})}")


@pytest.fixture
def logs() -> list[PageLog]:
    der = fulcio_leaf()
    return [
        rekor_v1((0, 1)).add(draft(b"zero"), shard=0).add(*(hashedrekord(n, pem(der), EMAIL) for n in range(30))),
        rekor_v2(),
        ct_log().add(certificate_entry(der)),
    ]


PATHS = [
    "/",
    "/log/rekor-v1/1",
    "/log/rekor-v2/0",
    "/log/rekor-v1/1/entry/4",
    "/log/ct/0/entry/0",
    "/search?q=someone@example.com",
    "/search",
]


@pytest.mark.parametrize("path", [*PATHS, "/static/entry.js", "/log/ct/0/entry/0/json", "/log/none/0"])
def test_every_answer_forbids_what_the_pages_do_not_need(logs: list[PageLog], path: str) -> None:
    headers = get(logs, path).headers
    policy = headers[b"content-security-policy"].decode()
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"referrer-policy"] == b"no-referrer"


@pytest.mark.parametrize("path", PATHS)
def test_pages_need_nothing_from_elsewhere_and_nothing_inline(logs: list[PageLog], path: str) -> None:
    html = page(logs, path)
    assert all(reference.startswith(("/", "#")) for reference in html.references())
    assert all(source is not None for source in html.values("script", "src"))
    assert html.values("style", "nonce") == []
    assert not any(name.startswith("on") or name == "style" for _, attributes in html.elements for name in attributes)


@pytest.mark.parametrize("path", PATHS)
def test_pages_have_a_language_a_title_landmarks_and_labels(logs: list[PageLog], path: str) -> None:
    html = page(logs, path)
    tags = [tag for tag, _ in html.elements]
    assert html.values("html", "lang") == ["en"]
    assert [tags.count(tag) for tag in ("title", "header", "main", "footer", "h1")] == [1, 1, 1, 1, 1]
    assert html.values("label", "for") == html.values("input", "id")
    identifiers = [attributes["id"] for _, attributes in html.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    named = {attributes["aria-labelledby"] for _, attributes in html.elements if "aria-labelledby" in attributes}
    assert named <= set(identifiers)


def test_only_the_page_of_an_entry_has_a_script(logs: list[PageLog]) -> None:
    scripts = {path: page(logs, path).values("script", "src") for path in PATHS}
    assert {path for path, found in scripts.items() if found} == {path for path in PATHS if "/entry/" in path}


def test_links_keep_to_the_path_below_which_the_server_is_published(logs: list[PageLog]) -> None:
    html = page(logs, "/rekor/log/rekor-v1/1/entry/4", root_path="/rekor")
    assert all(reference.startswith(("/rekor/", "#")) for reference in html.references())


@pytest.mark.parametrize(
    "body",
    [
        body_of(HOSTILE, HOSTILE, {}),
        body_of("hashedrekord", "0.0.1", {"data": {"hash": {"algorithm": HOSTILE, "value": HOSTILE}}}),
        body_of("hashedrekord", "0.0.1", {"signature": {"content": HOSTILE}}),
        HOSTILE.encode(),
    ],
)
def test_what_a_stranger_logged_stays_text(body: bytes) -> None:
    for path in ("/", "/log/rekor-v2/0", "/log/rekor-v2/0/entry/0", f"/search?q={quote(HOSTILE)}"):
        html = page([rekor_v2().add(draft(body, HOSTILE), draft(b"other", HOSTILE))], path)
        assert html.values("img", "src") == []
        assert all(source == "/static/entry.js" for source in html.values("script", "src"))


def test_what_a_stranger_had_certified_stays_text() -> None:
    hostile = fulcio_leaf(HOSTILE, _12=HOSTILE)
    for log in (rekor_v1().add(hashedrekord(1, pem(hostile))), ct_log().add(certificate_entry(hostile))):
        path = f"/log/{log.active.identity.kind}/0/entry/0"
        html = page([log], path)
        assert html.values("img", "src") == []
        assert html.values("script", "src") == ["/static/entry.js"]
        assert html.text.count(HOSTILE) == 2
        assert all(reference.startswith(("/", "#")) for reference in html.references())


def test_a_hostile_query_comes_back_as_text() -> None:
    html = page([rekor_v2()], f"/search?q={quote(HOSTILE)}")
    assert html.values("input", "value") == [HOSTILE]
    assert html.values("script", "src") == []


@pytest.mark.parametrize(
    "path",
    [
        "/log/rekor-v1/2",
        "/log/rekor-v1/-1",
        "/log/rekor-v1/01",
        "/log/rekor-v3/0",
        "/log/rekor-v3",
        "/log/rekor-v1/1/entry/30",
        "/log/rekor-v1/1/entry/-1",
        "/log/rekor-v1/1/entry/04",
        "/log/rekor-v1/1/entry/\u0664",
        "/log/rekor-v1/1/entry/99999999999999999999",
        "/log/rekor-v1/1/entry/30/json",
        "/log/rekor-v1/1?before=x",
        "/search?q=x&after=x",
        "/favicon.ico",
        "/search?q=x&log=rekor-v1/9",
        "/static/base.html",
        "/static/..%2fviews.py",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(logs: list[PageLog], path: str) -> None:
    answer = get(logs, path)
    assert answer.status == 404
    assert Html(answer.body).values("html", "lang") == ["en"]


def test_the_name_of_a_log_leads_to_its_newest_shard(logs: list[PageLog]) -> None:
    answer = get(logs, "/log/rekor-v1", root_path="/below")
    assert (answer.status, answer.headers[b"location"]) == (303, b"/below/log/rekor-v1/1")


def test_a_lone_result_is_shown_itself(logs: list[PageLog]) -> None:
    answer = search(logs, f"{3:064x}")
    assert (answer.status, answer.headers[b"location"]) == (303, b"/log/rekor-v1/1/entry/3")


def test_a_name_is_found_in_every_log_that_has_it(logs: list[PageLog]) -> None:
    html = Html(search(logs, EMAIL.upper()).body)
    links = [reference for reference in html.references() if "/entry/" in reference]
    assert links == [*(f"/log/rekor-v1/1/entry/{n}" for n in range(PAGE)), "/log/ct/0/entry/0"]


def test_more_results_follow_in_one_log(logs: list[PageLog]) -> None:
    html = Html(search(logs, EMAIL).body)
    (more,) = [reference for reference in html.references() if "after=" in reference]
    rest = page(logs, more)
    links = [reference for reference in rest.references() if "/entry/" in reference]
    assert links == [f"/log/rekor-v1/1/entry/{n}" for n in range(PAGE, 30)]


def test_the_last_result_of_many_is_not_taken_for_a_lone_one(logs: list[PageLog]) -> None:
    html = page(logs, f"/search?{urlencode({'q': EMAIL})}&log=rekor-v1/1&after=28")
    assert [reference for reference in html.references() if "/entry/" in reference] == ["/log/rekor-v1/1/entry/29"]


@pytest.mark.parametrize("text", ["", "  ", "nobody@example.com"])
def test_a_search_that_finds_nothing_says_what_can_be_found(logs: list[PageLog], text: str) -> None:
    answer = search(logs, text)
    assert answer.status == 200
    assert "Entries are found by" in Html(answer.body).text


def test_a_query_longer_than_any_name_is_refused(logs: list[PageLog]) -> None:
    assert search(logs, "x" * MAX_QUERY).status == 200
    answer = search(logs, "x" * (MAX_QUERY + 1))
    assert (answer.status, "alert" in Html(answer.body).values("p", "role")) == (400, True)


def test_an_entry_and_its_proof_are_to_be_had_as_json(logs: list[PageLog]) -> None:
    answer = get(logs, "/log/rekor-v1/1/entry/4/json")
    assert answer.headers[b"content-type"] == b"application/json"
    assert (answer.json["logIndex"], answer.json["inclusionProof"]["treeSize"]) == (4, 30)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("entry.js", b"text/javascript"),
        ("proof.js", b"text/javascript"),
        ("style.css", b"text/css"),
        ("icon.svg", b"image/svg+xml"),
    ],
)
def test_files_come_with_their_type_and_only_when_they_changed(name: str, media_type: bytes) -> None:
    answer = get([], f"/static/{name}")
    tag = answer.headers[b"etag"]
    again = get([], f"/static/{name}", headers=[(b"if-none-match", tag)])
    assert answer.headers[b"content-type"].startswith(media_type)
    assert (answer.status, again.status, again.body) == (200, 304, b"")


def test_a_server_without_logs_says_so() -> None:
    assert "This server has no logs." in page([], "/").text


def test_an_empty_log_says_so() -> None:
    text = page([rekor_v2()], "/").text
    assert "Nothing has been published yet." in text
    assert "This log has no entries yet." in text


def test_a_damaged_log_is_a_page_that_names_the_file(logs: list[PageLog], caplog: pytest.LogCaptureFixture) -> None:
    objects = logs[0].active.reader.objects
    for name in tuple(objects.names("tile/")):
        objects.delete(name)
    answer = get(logs, "/log/rekor-v1/1/entry/4")
    assert answer.status == 500
    assert "tile/" in Html(answer.body).text
    assert [record.name for record in caplog.records if record.levelname == "ERROR"] == ["log_server.web.views"]


def test_a_checkpoint_that_is_none_is_a_page_that_says_so(logs: list[PageLog]) -> None:
    logs[0].active.reader.objects.put("checkpoint", b"text")
    answer = get(logs, "/")
    assert (answer.status, Html(answer.body).values("html", "lang")) == (500, ["en"])


def test_those_for_whom_there_is_no_time_are_told_when_to_come_again(logs: list[PageLog]) -> None:
    app = Starlette(routes=build_routes(logs))

    async def crowd() -> Sequence[Answer]:
        scopes = [scope_of(query_string=b"") for _ in range(MAX_WAITING + 1)]
        return await asyncio.gather(*(ask_async(app, scope, Client()) for scope in scopes))

    answers = asyncio.run(crowd())
    assert [answer.status for answer in answers] == [200] * MAX_WAITING + [503]
    assert answers[-1].headers[b"retry-after"] == b"2"
    assert get(logs, "/").status == 200


def test_a_log_that_was_ended_says_so_to_people() -> None:
    log = rekor_v2()
    assert [("frozen" in page([log], path).text) for path in ("/", "/log/rekor-v2/0")] == [False, False]
    log.frozen = True
    assert [("frozen" in page([log], path).text) for path in ("/", "/log/rekor-v2/0")] == [True, True]
