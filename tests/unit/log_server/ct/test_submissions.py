"""add-chain and add-pre-chain: what is logged, what is refused, and for which shard."""

import asyncio
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from cryptography.x509 import UnrecognizedExtension
from cryptography.x509.oid import ObjectIdentifier

from cosignpy.core.ct.entry import EntryType
from cosignpy.core.ct.precertificate import build_certificate_entry, verify_embedded_sct, verify_sct
from cosignpy.core.ct.sct import parse_leaf_index
from cosignpy.core.encoding import encode_json
from cosignpy.core.keys.algorithms import ECDSA_P256
from cosignpy.core.keys.private import PrivateKey
from cosignpy.errors import FileError, MalformedError
from cosignpy.serving.asgi import BodyLimits
from cosignpy.serving.routing import Router
from log_server.ct.accept_chain import ChainRule, Expired
from log_server.ct.entries import encode_content, issuer_object
from log_server.ct.routes import CtOptions, build_ct
from log_server.ct.submissions import CtSubmissions, WatchedRoots
from log_server.rekor.draft import search_key
from log_server.tlog.values import Draft, index_key
from tests.support.asgi_calls import Answer, Client, scope_of
from tests.support.certificates import MIDDLE, NAMED, POISONED, Authority
from tests.support.ct_calls import ADD_CHAIN, ADD_PRE_CHAIN, body_of, build_app, ct_shard, read_sct, save_roots
from tests.support.memory_log import MemoryLog
from tests.support.rekor_calls import JSON, post

KEY: Final = PrivateKey.generate(ECDSA_P256)
ROOT: Final = Authority.root()
ISSUER: Final = ROOT.authority()
SAN: Final = ObjectIdentifier("2.5.29.17")


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog([ct_shard(KEY)])


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    return save_roots(tmp_path / "roots.pem", ROOT)


@pytest.fixture
def app(log: MemoryLog, roots: Path) -> Router:
    return build_app(log, roots)


def submit(app: Router, path: str, leaf: bytes, *above: bytes) -> Answer:
    return post(app, path, body_of((leaf, *(above or (ISSUER.der, ROOT.der)))))


def test_the_sct_of_a_precertificate_verifies_in_the_certificate(app: Router, log: MemoryLog) -> None:
    answer = submit(app, ADD_PRE_CHAIN, ISSUER.leaf(POISONED))
    assert (answer.status, answer.headers[b"content-type"]) == (200, b"application/json")
    sct = read_sct(answer.json)
    assert (sct.log_id, parse_leaf_index(sct.extensions)) == (log.active.identity.log_id, 0)
    verify_embedded_sct(sct, ISSUER.leaf_with([sct]), ISSUER.der, KEY.public_key)


def test_the_sct_of_a_certificate_verifies_beside_it(app: Router, log: MemoryLog) -> None:
    leaf = ISSUER.leaf()
    sct = read_sct(submit(app, ADD_CHAIN, leaf).json)
    assert log.active.reader.tree().size == 1
    verify_sct(sct, build_certificate_entry(leaf), KEY.public_key)


def test_the_root_may_be_left_out(app: Router) -> None:
    assert submit(app, ADD_CHAIN, ISSUER.leaf(), ISSUER.der).status == 200


def test_the_same_again_gets_the_time_and_the_place_of_the_first(app: Router, log: MemoryLog) -> None:
    leaf = ISSUER.leaf(POISONED)
    first, second = (read_sct(submit(app, ADD_PRE_CHAIN, leaf).json) for _ in range(2))
    assert (first.timestamp_ms, first.extensions) == (second.timestamp_ms, second.extensions)
    assert log.active.reader.tree().size == 1


def test_a_certificate_whose_shortened_hash_another_has_gets_no_sct(app: Router, log: MemoryLog) -> None:
    """Its SCT would be the log's promise to show a certificate that it does not have."""
    leaf = ISSUER.leaf()
    other = encode_content(build_certificate_entry(ISSUER.leaf()), b"", ())
    log.append_now(Draft(other, index_key("certificate", build_certificate_entry(leaf).identity)))
    answer = submit(app, ADD_CHAIN, leaf)
    assert (answer.status, log.active.reader.tree().size) == (400, 1)
    assert b"entry 0 is another" in answer.body


def test_the_issuers_of_another_path_are_stored_with_the_first_certificate_that_is_logged_with_them(
    app: Router, log: MemoryLog
) -> None:
    leaf, again = ISSUER.leaf(), ROOT.authority()
    name = issuer_object(sha256(again.der).digest())
    submit(app, ADD_CHAIN, leaf)
    submit(app, ADD_CHAIN, leaf, again.der)
    assert log.active.reader.objects.get(name) is None, "the log has this certificate by its first path"
    submit(app, ADD_CHAIN, again.leaf(), again.der)
    assert log.active.reader.objects.get(name) == again.der


def test_issuers_are_stored_once(app: Router, log: MemoryLog) -> None:
    submit(app, ADD_PRE_CHAIN, ISSUER.leaf(POISONED))
    name = issuer_object(sha256(ISSUER.der).digest())
    assert log.active.reader.objects.get(name) == ISSUER.der
    log.active.storage.objects.delete(name)
    submit(app, ADD_CHAIN, ISSUER.leaf())
    assert log.active.reader.objects.get(name) is None, "it was written again"


def test_a_process_that_has_just_begun_looks_which_issuers_are_stored(app: Router, log: MemoryLog, roots: Path) -> None:
    submit(app, ADD_PRE_CHAIN, ISSUER.leaf(POISONED))
    name = issuer_object(sha256(ISSUER.der).digest())
    log.active.storage.objects.put(name, b"as it was")
    submit(build_app(log, roots), ADD_CHAIN, ISSUER.leaf())
    assert log.active.reader.objects.get(name) == b"as it was"


def test_a_certificate_is_found_by_its_names_and_its_hash(app: Router, log: MemoryLog) -> None:
    leaf = ISSUER.leaf()
    submit(app, ADD_CHAIN, leaf)
    index = log.active.reader.index
    for text in ("someone@example.com", sha256(leaf).hexdigest()):
        assert list(index.search(search_key(text), after=-1, limit=10)) == [0]
    assert list(index.search(search_key("else@example.com"), after=-1, limit=10)) == []


def test_names_that_cannot_be_read_keep_no_certificate_out(app: Router, log: MemoryLog) -> None:
    broken = ISSUER.leaf(((UnrecognizedExtension(SAN, b"\x04\x00"), False),))
    assert submit(app, ADD_CHAIN, broken).status == 200
    assert log.active.reader.tree().size == 1


@pytest.mark.parametrize(
    ("path", "leaf", "above", "reason"),
    [
        (ADD_CHAIN, ISSUER.leaf(POISONED), (ISSUER.der,), b"poison"),
        (ADD_PRE_CHAIN, ISSUER.leaf(NAMED), (ISSUER.der,), b"no poison"),
        (ADD_CHAIN, ISSUER.leaf(), (ROOT.der,), b"certificate 1"),
        (ADD_CHAIN, Authority.root("stranger").leaf(), (Authority.root("stranger").der,), b"no accepted root"),
        (ADD_CHAIN, b"\x30\x00", (ISSUER.der,), b"certificate 1"),
    ],
    ids=["precertificate", "certificate", "broken-link", "unknown-root", "no-certificate"],
)
def test_what_does_not_belong_into_the_log_is_refused_in_words(
    app: Router, log: MemoryLog, path: str, leaf: bytes, above: tuple[bytes, ...], reason: bytes
) -> None:
    answer = submit(app, path, leaf, *above)
    assert (answer.status, answer.headers[b"content-type"]) == (400, b"text/plain; charset=utf-8")
    assert reason in answer.body
    assert answer.body.endswith(b"\n")
    assert log.active.reader.tree().size == 0


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"chain":[]}', b'{"chain":["YR=="]}', b'{"chain":[1]}', b'{"chain":["YQ"]}']
)
def test_a_body_that_is_no_chain_is_400(app: Router, body: bytes) -> None:
    answer = post(app, ADD_CHAIN, body, JSON)
    assert answer.status == 400
    assert answer.body


def test_a_body_over_the_limit_is_413(log: MemoryLog, roots: Path) -> None:
    app = build_ct(log, CtOptions(WatchedRoots(roots), body=BodyLimits(100)))
    assert submit(app, ADD_CHAIN, ISSUER.leaf()).status == 413


def test_an_expired_certificate_is_refused_where_the_rule_says_so(log: MemoryLog, roots: Path) -> None:
    strict = build_ct(log, CtOptions(WatchedRoots(roots), ChainRule(Expired.REFUSED)))
    lenient = build_ct(log, CtOptions(WatchedRoots(roots)))
    assert datetime.now(UTC) > MIDDLE
    assert [submit(app, ADD_CHAIN, ISSUER.leaf()).status for app in (strict, lenient)] == [400, 200]


def test_without_roots_every_chain_is_refused(log: MemoryLog) -> None:
    answer = submit(build_app(log, None), ADD_CHAIN, ISSUER.leaf())
    assert (answer.status, b"no accepted root" in answer.body) == (400, True)


def test_a_log_that_is_busy_says_when_to_come_back(app: Router, log: MemoryLog) -> None:
    log.busy = True
    answer = submit(app, ADD_CHAIN, ISSUER.leaf())
    assert (answer.status, answer.headers[b"retry-after"]) == (503, b"2")


def test_a_log_that_does_not_answer_is_given_up_on(log: MemoryLog, roots: Path) -> None:
    log.stuck = True
    app = build_ct(log, CtOptions(WatchedRoots(roots), patience=0.01))
    assert submit(app, ADD_CHAIN, ISSUER.leaf()).status == 504


def test_the_host_of_a_frozen_shard_takes_nothing_and_names_the_next(log: MemoryLog, app: Router) -> None:
    log.kept.append(ct_shard(PrivateKey.generate(ECDSA_P256), "next.example"))
    body = body_of((ISSUER.leaf(), ISSUER.der, ROOT.der))
    old = post(app, ADD_CHAIN, body, JSON, (b"host", b"ct.example:3000"))
    assert (old.status, b"next.example/ctlog" in old.body) == (405, True)
    new = post(app, ADD_CHAIN, body, JSON, (b"host", b"next.example"))
    assert read_sct(new.json).log_id == log.active.identity.log_id
    assert [shard.reader.tree().size for shard in log.shards] == [0, 1]


def test_roots_are_read_again_when_their_file_changes(tmp_path: Path) -> None:
    path = save_roots(tmp_path / "roots.pem", ROOT)
    watched = WatchedRoots(path)
    before = watched.paths
    watched.reload_if_changed()
    assert watched.paths is before
    save_roots(tmp_path / "new.pem", ROOT, Authority.root("other")).replace(path)
    watched.reload_if_changed()
    assert len(watched.paths.roots.certificates) == 2


def test_a_file_of_roots_that_breaks_leaves_the_old_ones_in_force(tmp_path: Path) -> None:
    path = save_roots(tmp_path / "roots.pem", ROOT)
    watched = WatchedRoots(path)
    path.write_text("nothing")
    with pytest.raises(MalformedError):
        watched.reload_if_changed()
    assert len(watched.paths.roots.certificates) == 1


def test_a_file_of_roots_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        WatchedRoots(tmp_path / "none.pem")


def test_without_a_file_there_is_nothing_to_read_again() -> None:
    watched = WatchedRoots(None)
    watched.reload_if_changed()
    assert watched.paths.roots.certificates == ()


def test_the_moment_of_a_submission_can_be_chosen(log: MemoryLog, roots: Path) -> None:
    """A certificate that was valid then is accepted by the strictest log then."""
    submissions = CtSubmissions(log, WatchedRoots(roots), ChainRule(Expired.REFUSED), BodyLimits(1 << 20), 1.0)
    endpoint = submissions.endpoint(EntryType.X509, lambda: MIDDLE)
    client = Client((encode_json(body_of((ISSUER.leaf(), ISSUER.der))),))

    async def call() -> int:
        return (await endpoint(scope_of(ADD_CHAIN, method="POST"), client.receive)).status

    assert asyncio.run(call()) == 200
