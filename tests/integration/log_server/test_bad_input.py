"""What strangers send: each face refuses it clearly, in its own error shape, and nothing of it gets into a tree."""

import copy
import json
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any, Final

import pytest

from cosignpy.core.encoding import encode_b64
from cosignpy.core.keys.algorithms import ECDSA_P256, ECDSA_P384
from cosignpy.core.keys.private import PrivateKey
from tests.support.certificates import Authority
from tests.support.log_process import LogProcess, serve_logs
from tests.support.rekor_calls import V1_ENTRIES, V2_ENTRIES, propose_v1, propose_v2
from tests.support.rekor_proposals import certified

SIGNER: Final = PrivateKey.generate(ECDSA_P256)
OTHER: Final = PrivateKey.generate(ECDSA_P256)
ROOT: Final = Authority.root()
ADD_CHAIN: Final = "/ct/v1/add-chain"
ADD_PRE_CHAIN: Final = "/ctlog/ct/v1/add-pre-chain"
IDLE: Final = 1000

Sizes = tuple[int, int, int]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogProcess]:
    directory = tmp_path_factory.mktemp("log")
    roots = directory / "roots.pem"
    roots.write_bytes(ROOT.pem)
    with serve_logs(directory / "data", f"ct: {{roots: {roots}}}\n") as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_logged(server: LogProcess, request: pytest.FixtureRequest) -> Iterator[None]:
    before = sizes(server)
    yield
    assert sizes(server) == before or "logged" in request.node.name
    assert b"traceback" not in server.messages.read_bytes()


def sizes(server: LogProcess) -> Sizes:
    v1, ct = json.loads(server.fetch("/api/v1/log")), json.loads(server.fetch("/ct/v1/get-sth"))
    return v1["treeSize"], int(server.fetch("/checkpoint").split(b"\n")[1]), ct["tree_size"]


def call(
    server: LogProcess, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(method, path, body, {"Content-Type": kind} if body is not None else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def is_v1(status: int, body: bytes) -> bool:
    """`{"code":...,"message":...}`, and nothing at all with a 404."""
    return body == b"" if status == 404 else json.loads(body).keys() == {"code", "message"}


def is_v2(_status: int, body: bytes) -> bool:
    """google.rpc.Status in JSON."""
    return json.loads(body).keys() == {"code", "message", "details"}


def is_ct(_status: int, body: bytes) -> bool:
    """One line of text."""
    return body.endswith(b"\n") and body.count(b"\n") == 1


SHAPES: Final = {"/api/v1": is_v1, "/api/v2": is_v2, "/tile": is_v2, "/ct": is_ct}


def refused(server: LogProcess, status: int, method: str, path: str, body: bytes | None = None, **more: str) -> str:
    """See that a request is refused in the shape of its face, and return what the refusal says."""
    found, answer = call(server, method, path, body, **more)
    assert found == status, answer
    shape = next(shape for prefix, shape in SHAPES.items() if path.startswith(prefix))
    assert shape(found, answer), answer
    return answer.decode()


def changed(proposed: dict[str, Any], change: Change) -> bytes:
    found = copy.deepcopy(proposed)
    change(found)
    return json.dumps(found).encode()


def chain(*certificates: bytes) -> dict[str, Any]:
    return {"chain": [encode_b64(der) for der in certificates]}


V1: Final = propose_v1(SIGNER)
V2: Final = propose_v2(SIGNER)


def v1_signature(found: dict[str, Any]) -> dict[str, Any]:
    return found["spec"]["signature"]


def v2_request(found: dict[str, Any]) -> dict[str, Any]:
    return found["hashedRekordRequestV002"]


def v2_verifier(found: dict[str, Any]) -> dict[str, Any]:
    return v2_request(found)["signature"]["verifier"]


def signed_otherwise() -> str:
    return encode_b64(SIGNER.sign(b"another artifact"))


V1_CHANGES: Final[dict[str, Change]] = {
    "a signature that does not verify": lambda found: v1_signature(found).update(content=signed_otherwise()),
    "another key": lambda found: v1_signature(found)["publicKey"].update(
        content=encode_b64(OTHER.public_key.encode_pem())
    ),
    "an unknown algorithm": lambda found: found["spec"]["data"]["hash"].update(algorithm="md5"),
    "an algorithm the key is not for": lambda found: v1_signature(found)["publicKey"].update(
        content=encode_b64(PrivateKey.generate(ECDSA_P384).public_key.encode_pem())
    ),
    "an unknown kind": lambda found: found.update(kind="hashedrecord"),
    "an unknown version": lambda found: found.update(apiVersion="0.0.3"),
    "no kind": lambda found: found.pop("kind"),
    "a number for a kind": lambda found: found.update(kind=1),
    "malformed base64": lambda found: v1_signature(found).update(content="YR=="),
    "base64 for URLs": lambda found: v1_signature(found).update(content="_-8="),
    "a digest that is too short": lambda found: found["spec"]["data"]["hash"].update(value="ab"),
}

V2_CHANGES: Final[dict[str, Change]] = {
    "a signature that does not verify": lambda found: v2_request(found)["signature"].update(content=signed_otherwise()),
    "another key": lambda found: v2_verifier(found)["publicKey"].update(rawBytes=encode_b64(OTHER.public_key.spki)),
    "an unknown algorithm": lambda found: v2_verifier(found).update(keyDetails="PKIX_ECDSA_P256_MD5"),
    "an unknown number of an algorithm": lambda found: v2_verifier(found).update(keyDetails=99),
    "an algorithm the key is not for": lambda found: v2_verifier(found).update(keyDetails="PKIX_ECDSA_P384_SHA_384"),
    "an unknown kind": lambda found: found.update(hashedRekordRequestV003=found.pop("hashedRekordRequestV002")),
    "two kinds": lambda found: found.update(dsseRequestV002={"envelope": {}, "verifiers": []}),
    "an unknown field": lambda found: found.update(extra=1),
    "malformed base64": lambda found: v2_request(found)["signature"].update(content="YR=="),
    "a digest that is too short": lambda found: v2_request(found).update(digest=encode_b64(b"short")),
    "no verifier": lambda found: v2_request(found)["signature"].pop("verifier"),
}


@pytest.mark.parametrize("name", V1_CHANGES)
def test_entries_of_v1_with_one_thing_wrong(server: LogProcess, name: str) -> None:
    assert refused(server, 400, "POST", V1_ENTRIES, changed(V1, V1_CHANGES[name]))


@pytest.mark.parametrize("name", V2_CHANGES)
def test_entries_of_v2_with_one_thing_wrong(server: LogProcess, name: str) -> None:
    assert refused(server, 400, "POST", V2_ENTRIES, changed(V2, V2_CHANGES[name]))


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        (ADD_CHAIN, chain(Authority.root("stranger").leaf(), Authority.root("stranger").der)),
        (ADD_CHAIN, chain(ROOT.leaf()[:-1] + b"\0", ROOT.der)),
        (ADD_CHAIN, chain(b"\x30\x00", ROOT.der)),
        (ADD_PRE_CHAIN, chain(ROOT.leaf(), ROOT.der)),
        (ADD_CHAIN, {"chain": ["YR=="]}),
        (ADD_CHAIN, {"chain": []}),
        (ADD_CHAIN, {"chain": "none"}),
        (ADD_CHAIN, chain(*[ROOT.der] * 100)),
    ],
    ids=[
        "of a stranger",
        "of a broken signature",
        "of no certificate",
        "without poison",
        "of malformed base64",
        "of nothing",
        "of another type",
        "of too many",
    ],
)
def test_chains(server: LogProcess, path: str, sent: dict[str, Any]) -> None:
    assert refused(server, 400, "POST", path, json.dumps(sent).encode())


BODIES: Final = {
    "nothing": b"",
    "half of it": b'{"kind":',
    "an array": b"[]",
    "not UTF-8": b'{"kind":"\xff"}',
    "half a character": b'{"kind":"\\ud800"}',
    "duplicate keys": b'{"kind":"a","kind":"a"}',
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"a":' * 70 + b"1" + b"}" * 70,
    "many values": b'{"a":[' + b"[]," * 170_000 + b"0]}",
    "no number": b'{"kind":NaN}',
    "an endless number": b'{"kind":1e999}',
    "a number of many digits": b'{"kind":' + b"9" * 5000 + b"}",
    "bytes after it": b"{}{}",
}
WRITES: Final = (V1_ENTRIES, V2_ENTRIES, ADD_CHAIN, ADD_PRE_CHAIN)


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("path", [*WRITES, f"{V1_ENTRIES}/retrieve", "/api/v1/index/retrieve"])
def test_bodies_that_are_no_request(server: LogProcess, path: str, name: str) -> None:
    assert refused(server, 400, "POST", path, BODIES[name])


@pytest.mark.parametrize(
    ("path", "limit"),
    [(V1_ENTRIES, 32 << 20), (V2_ENTRIES, 4 << 20), (ADD_CHAIN, 512 << 10), (ADD_PRE_CHAIN, 512 << 10)],
)
@pytest.mark.parametrize("framing", ["content-length: {size}", "transfer-encoding: chunked"])
def test_bodies_over_the_limit(server: LogProcess, path: str, limit: int, framing: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{framing}\r\n\r\n"
    body = b" " * (limit + 1)
    if "chunked" in framing:
        body = b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head.format(size=limit + 1).encode() + body)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert f"{limit} bytes".encode() in answer


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data"])
@pytest.mark.parametrize("path", [V1_ENTRIES, V2_ENTRIES])
def test_bodies_of_another_type(server: LogProcess, path: str, kind: str) -> None:
    assert refused(server, 415, "POST", path, json.dumps(V1).encode(), kind=kind)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", WRITES)
def test_methods_that_nothing_has(server: LogProcess, path: str, method: str) -> None:
    assert refused(server, 405, method, path, b"{}")


LEAF: Final = "0" * 64


@pytest.mark.parametrize(
    ("status", "path"),
    [
        (404, f"{V1_ENTRIES}?logIndex=1000000"),
        (422, f"{V1_ENTRIES}?logIndex=-1"),
        (422, f"{V1_ENTRIES}?logIndex=9223372036854775808"),
        (422, f"{V1_ENTRIES}?logIndex=%D9%A1"),
        (422, f"{V1_ENTRIES}?logIndex=1_0"),
        (422, V1_ENTRIES),
        (404, f"{V1_ENTRIES}/{LEAF}"),
        (404, f"{V1_ENTRIES}/{'f' * 16}{LEAF}"),
        (422, f"{V1_ENTRIES}/{LEAF[1:]}"),
        (422, f"{V1_ENTRIES}/{'g' * 64}"),
        (400, "/api/v1/log/proof?lastSize=1000000"),
        (400, "/api/v1/log/proof?firstSize=2&lastSize=1"),
        (422, "/api/v1/log/proof?lastSize=0"),
        (400, "/api/v1/log/proof?lastSize=1&treeID=5"),
        (404, "/api/v1/log/shards/5/checkpoint"),
        (404, f"{V2_ENTRIES}/1000000"),
        (400, f"{V2_ENTRIES}/9223372036854775808"),
        (400, f"{V2_ENTRIES}/%D9%A1"),
        (400, f"{V2_ENTRIES}?hash=ab"),
        (400, f"{V2_ENTRIES}?email={'a' * 600}"),
        (400, f"{V2_ENTRIES}?hash={LEAF}&limit=101"),
        (400, f"{V2_ENTRIES}?email=%ff"),
        (404, "/tile/0/x001/000"),
        (404, "/tile/0/000.p/256"),
        (404, "/tile/0/000.p/%D9%A1"),
        (404, "/tile/64/000"),
        (404, "/tile/0/..%2f..%2f..%2fkey.pem"),
        (404, "/tile/%2e%2e/%2e%2e/key.pem"),
        (404, "/tile/0/000%00"),
        (404, "/tile/" + "x000/" * 4000 + "000"),
        (404, "/ct/v1/get-entries?start=1000000&end=1000000"),
        (400, "/ct/v1/get-entries?start=5&end=4"),
        (400, "/ct/v1/get-entries?start=-1&end=0"),
        (400, "/ct/v1/get-sth-consistency?first=0&second=9223372036854775808"),
        (400, "/ct/v1/get-proof-by-hash?hash=YR==&tree_size=1"),
        (400, "/ct/v1/get-entry-and-proof?leaf_index=5&tree_size=1000000"),
        (404, f"/ctlog/issuer/{LEAF}"),
        (404, "/ctlog/issuer/" + "a" * 300),
        (404, "/ctlog/issuer/%D9%A3"),
        (404, "/ctlog/issuer/..%2fcheckpoint"),
    ],
)
def test_reads_of_what_is_not_there(server: LogProcess, status: int, path: str) -> None:
    refused(server, status, "GET", path)


@pytest.mark.parametrize(
    "head",
    [
        "content-length: 2\r\ntransfer-encoding: chunked",
        "content-length: 2\r\ncontent-length: 3",
        "content-length: +2",
        "content-length: -1",
        "transfer-encoding: chunked, identity",
        "transfer-encoding : chunked",
        "x-folded: a\r\n b",
    ],
)
def test_requests_whose_end_two_servers_could_see_in_different_places(server: LogProcess, head: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(f"POST {V2_ENTRIES} HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n".encode())
        answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"connection: close" in answer.lower()


def test_headers_without_end(server: LogProcess) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(b"GET /checkpoint HTTP/1.1\r\nhost: x\r\nx: " + b"a" * (65 * 1024) + b"\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 431 ")


def test_a_certificate_that_has_expired_is_logged(server: LogProcess) -> None:
    """The log records, and does not judge time, as the real one does."""
    key, _, chain_of = certified()
    proposed = propose_v1(key, b"signed in time")
    v1_signature(proposed)["publicKey"]["content"] = encode_b64(chain_of[0])
    before = sizes(server)
    status, answer = call(server, "POST", V1_ENTRIES, json.dumps(proposed).encode())
    assert (status, sizes(server)[0]) == (201, before[0] + 1), answer
    assert call(server, "POST", ADD_CHAIN, json.dumps(chain(ROOT.leaf(), ROOT.der)).encode())[0] == 200
    assert sizes(server)[2] == before[2] + 1


def test_who_sends_slowly_is_told_so_and_disturbs_nobody(server: LogProcess) -> None:
    head = f"POST {V2_ENTRIES} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n"
    with ExitStack() as stack:
        halves = [connect(server, stack) for _ in range(20)]
        bodies = [connect(server, stack) for _ in range(20)]
        for connection in halves:
            connection.sendall(head.encode())
        for connection in bodies:
            connection.sendall(f"{head}\r\n{{".encode())
        assert call(server, "GET", "/checkpoint")[0] == 200
        assert all(connection.recv(65536).startswith(b"HTTP/1.1 408 ") for connection in bodies)
        assert all(ended(connection) for connection in halves)


def test_a_thousand_idle_connections_disturb_nobody_and_something_is_logged(server: LogProcess) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, IDLE * 4), hard))
    with ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(IDLE):
            connect(server, stack)
        status, answer = call(server, "POST", V2_ENTRIES, json.dumps(propose_v2(SIGNER, b"among idle ones")).encode())
    assert status == 201, answer


def connect(server: LogProcess, stack: ExitStack) -> socket.socket:
    return stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=30))


def ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
