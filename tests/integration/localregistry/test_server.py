"""The registry as a server: names in URLs, files on disk, TLS, many clients, and the command that runs it."""

import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cosignpy.cli.commands.registry import Auth, serve
from cosignpy.errors import FileError, UsageError
from cosignpy.localregistry.faults import Faults
from cosignpy.localregistry.requestlog import NO_ANSWER, RecordedRequest
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions, TlsFiles
from tests.integration.localregistry.wire import OCI_INDEX, Wire, digest_of, encode
from tests.support.tls_files import Authority

SERVE = (sys.executable, "-c", "from cosignpy.cli.app import main; main()", "registry", "serve", "--port", "0")


def test_the_root_says_what_this_is(wire: Wire) -> None:
    answer = wire.get("/v2/")
    assert (answer.status, answer.headers["docker-distribution-api-version"]) == (200, "registry/2.0")
    assert wire.send("HEAD", "/v2/").status == 200


@pytest.mark.parametrize(
    "path", ["/", "/v2", "/v3/", "/v2/_catalog", "/v2/a/b", "/v2/a/blobs/uploads/x/y", "/token", "/v2/a%0a/tags/list"]
)
def test_other_paths_are_unknown(wire: Wire, path: str) -> None:
    answer = wire.get(path)
    assert (answer.status, answer.code) == (404, "UNSUPPORTED")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v2/", "GET, HEAD"),
        ("PATCH", "/v2/a/manifests/x", "DELETE, GET, HEAD, PUT"),
        ("PUT", "/v2/a/tags/list", "GET, HEAD"),
        ("GET", "/v2/a/blobs/uploads/", "POST"),
    ],
)
def test_other_methods_are_not_allowed(wire: Wire, method: str, path: str, allowed: str) -> None:
    answer = wire.send(method, path, b"")
    assert (answer.status, answer.code) == (405, "UNSUPPORTED")
    assert ", ".join(sorted(answer.headers["allow"].split(", "))) == allowed


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../..",
        "a/../../b",
        "%2e%2e/%2e%2e",
        "..%2f..",
        "%2fetc",
        "/etc",
        "a//b",
        "_blobs",
        "a/_tags",
        "A",
        "-a",
        "a-",
        "a___b",
        "a..b",
        "a%00",
        "\u00e9",
        "a" * 256,
    ],
)
def test_names_outside_of_the_grammar_are_refused(tmp_path: Path, name: str) -> None:
    directory = tmp_path / "registry"
    with LocalRegistry(RegistryOptions(directory)) as registry:
        wire = Wire(registry.address)
        digest = digest_of(b"{}")
        answers = [
            wire.send("POST", f"/v2/{name}/blobs/uploads/", b"{}", digest=digest),
            wire.put(name, "latest", b"{}"),
            wire.get(f"/v2/{name}/tags/list"),
        ]
        assert [(answer.status, answer.code) for answer in answers] == [(400, "NAME_INVALID")] * 3
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "name", ["a", "a/b/c/d", "a.b_c__d-e--f/0", "a" * 255, "blobs/uploads", "manifests/x/tags/list"]
)
def test_names_of_the_grammar_are_taken(wire: Wire, name: str) -> None:
    wire.push_manifest(name)
    assert wire.get(f"/v2/{name}/tags/list").json() == {"name": name, "tags": ["latest"]}


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    with LocalRegistry(RegistryOptions(tmp_path)) as registry:
        wire = Wire(registry.address)
        subject = wire.push_manifest("a")
        referrer = wire.push_manifest("a", "referrer", subject=subject)
        location = wire.begin("a").headers["location"]
        wire.send("PATCH", location, b"half a blob")
    with LocalRegistry(RegistryOptions(tmp_path)) as registry:
        wire = Wire(registry.address)
        assert wire.get("/v2/a/manifests/latest").headers["docker-content-digest"] == subject["digest"]
        found = wire.get(f"/v2/a/referrers/{subject['digest']}").json()["manifests"]
        assert [entry["digest"] for entry in found] == [referrer["digest"]]
        digest = digest_of(b"half a blob")
        assert wire.send("PUT", location, digest=digest).status == 201
        assert wire.get(f"/v2/a/blobs/{digest}").body == b"half a blob"


def test_a_referrer_entry_without_its_manifest_is_passed_over(tmp_path: Path) -> None:
    """What a kill between the two writes of a push, or of a delete, leaves."""
    with LocalRegistry(RegistryOptions(tmp_path)) as registry:
        wire = Wire(registry.address)
        subject = wire.push_manifest("a")
        referrer = wire.push_manifest("a", "referrer", subject=subject)
        (tmp_path / "repositories/a/_manifests/sha256" / referrer["digest"].removeprefix("sha256:")).unlink()
        assert wire.get(f"/v2/a/referrers/{subject['digest']}").json()["manifests"] == []
        assert wire.get("/v2/a/manifests/referrer").code == "MANIFEST_UNKNOWN"


def test_a_killed_registry_leaves_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "staging").mkdir()
    (tmp_path / "staging" / "leftover").write_bytes(b"half")
    with serving("--dir", str(tmp_path)) as (process, wire):
        pushed = [wire.push_manifest("a", f"t{number}", annotations={"n": str(number)}) for number in range(20)]
        process.kill()
        process.wait()
    assert list((tmp_path / "staging").iterdir()) == []
    with LocalRegistry(RegistryOptions(tmp_path)) as registry:
        wire = Wire(registry.address)
        for number, described in enumerate(pushed):
            answer = wire.get(f"/v2/a/manifests/t{number}")
            assert digest_of(answer.body) == answer.headers["docker-content-digest"] == described["digest"]


def test_eight_clients_at_once(wire: Wire, repository: str) -> None:
    def push(number: int) -> str:
        content = bytes([number]) * 300_000
        location = wire.begin(repository).headers["location"]
        assert wire.send("PATCH", location, iter([content[:100_000], content[100_000:]])).status == 202
        assert wire.send("PUT", location, digest=digest_of(content)).status == 201
        pushed = wire.push_manifest(repository, "shared", annotations={"n": str(number)})
        wire.put(repository, f"own-{number}", wire.manifest(repository, annotations={"n": str(number)}))
        return str(pushed["digest"])

    with ThreadPoolExecutor(8) as pool:
        digests = list(pool.map(push, range(24)))
    assert wire.get(f"/v2/{repository}/manifests/shared").headers["docker-content-digest"] in digests
    assert len(wire.get(f"/v2/{repository}/tags/list").json()["tags"]) == 25
    for number, digest in enumerate(digests):
        assert wire.get(f"/v2/{repository}/manifests/own-{number}").headers["docker-content-digest"] == digest


def test_eight_referrers_at_once_are_all_listed(wire: Wire, repository: str) -> None:
    subject = wire.push_manifest(repository)

    def refer(number: int) -> str:
        index = encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "subject": subject, "n": number})
        return str(wire.put(repository, digest_of(index), index, OCI_INDEX).headers["docker-content-digest"])

    with ThreadPoolExecutor(8) as pool:
        pushed = set(pool.map(refer, range(64)))
    found = wire.get(f"/v2/{repository}/referrers/{subject['digest']}").json()["manifests"]
    assert {entry["digest"] for entry in found} == pushed


def test_requests_are_remembered(registry: LocalRegistry, wire: Wire) -> None:
    wire.get("/v2/nobody/tags/list", n="3")
    assert registry.requests == [RecordedRequest("GET", "/v2/nobody/tags/list", "n=3", 404)]
    registry.clear_requests()
    assert registry.requests == []


def test_a_request_without_an_answer_is_remembered() -> None:
    with LocalRegistry(RegistryOptions(faults=Faults(resets=1))) as registry:
        with pytest.raises(ConnectionResetError):
            Wire(registry.address).get("/v2/")
        assert [request.status for request in registry.requests] == [NO_ANSWER]


def test_tls_with_and_without_client_certificates(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    mine = authority.issue("127.0.0.1")
    trusting = ssl.create_default_context(cafile=str(authority.certificate))
    with LocalRegistry(RegistryOptions(tls=TlsFiles(mine.certificate, mine.key))) as registry:
        assert Wire(registry.address, tls=trusting).get("/v2/").status == 200
    tls = TlsFiles(mine.certificate, mine.key, client_ca=authority.certificate)
    with LocalRegistry(RegistryOptions(tls=tls)) as registry:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            Wire(registry.address, tls=trusting).get("/v2/")
        client = authority.issue("client")
        trusting.load_cert_chain(client.certificate, client.key)
        assert Wire(registry.address, tls=trusting).get("/v2/").status == 200


@pytest.mark.parametrize("mix_up", ["missing", "swapped", "foreign key"])
def test_tls_files_that_do_not_work(tmp_path: Path, mix_up: str) -> None:
    authority = Authority(tmp_path)
    mine, other = authority.issue("127.0.0.1"), authority.issue("other")
    files = {
        "missing": TlsFiles(tmp_path / "none", mine.key),
        "swapped": TlsFiles(mine.key, mine.certificate),
        "foreign key": TlsFiles(mine.certificate, other.key),
    }
    with pytest.raises(UsageError), LocalRegistry(RegistryOptions(tls=files[mix_up])):
        pass


def test_a_port_that_is_taken(registry: LocalRegistry) -> None:
    port = int(registry.address.rpartition(":")[2])
    with pytest.raises(UsageError), LocalRegistry(RegistryOptions(port=port)):
        pass


@contextmanager
def serving(*flags: str) -> Iterator[tuple[subprocess.Popen[str], Wire]]:
    with subprocess.Popen([*SERVE, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, Wire(process.stdout.readline().strip())
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    with serving("--dir", str(tmp_path / "content"), "--fault", "latency=1") as (process, wire):
        wire.push_manifest("a")
        process.send_signal(number)
        assert process.wait(10) == 0
    assert (tmp_path / "content" / "repositories" / "a").is_dir()


def test_the_command_without_a_folder_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with serving() as (process, wire):
        wire.push_manifest("a")
        assert list(tmp_path.iterdir())
        process.terminate()
        assert process.wait(10) == 0
    assert list(tmp_path.iterdir()) == []


def test_the_time_limit_of_commands_is_not_for_the_registry(registry: LocalRegistry) -> None:
    signal.setitimer(signal.ITIMER_REAL, 600)  # as `--timeout 10m` does
    with pytest.raises(UsageError):
        serve(port=int(registry.address.rpartition(":")[2]))  # taken, so that it returns
    assert signal.setitimer(signal.ITIMER_REAL, 0) == (0.0, 0.0)


@pytest.mark.parametrize("kind", ["basic", "bearer"])
def test_the_command_with_authentication_and_tls(tmp_path: Path, kind: str) -> None:
    authority = Authority(tmp_path)
    mine = authority.issue("127.0.0.1")
    (tmp_path / "password").write_text("secret\n")
    account = ("--auth", kind, "--user", "me", "--password-file", str(tmp_path / "password"))
    with serving(*account, "--tls-cert", str(mine.certificate), "--tls-key", str(mine.key)) as (_, wire):
        trusting = Wire(wire.address, tls=ssl.create_default_context(cafile=str(authority.certificate)))
        answer = trusting.get("/v2/")
        assert (answer.status, answer.headers["www-authenticate"].split()[0].lower()) == (401, kind)
        path = "/v2/" if kind == "basic" else "/token"
        assert trusting.get(path, {"authorization": "Basic bWU6c2VjcmV0"}).status == 200


@pytest.mark.parametrize(
    "flags",
    [
        {"auth": Auth.BASIC},
        {"user": "me"},
        {"auth": Auth.BEARER, "user": "me"},
        {"tls_cert": Path("x.pem")},
        {"tls_key": Path("x.key")},
        {"fault": ["tornado"]},
    ],
)
def test_flags_that_do_not_go_together(flags: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        serve(**flags)


@pytest.mark.parametrize("content", [None, b"\xff"], ids=["absent", "not text"])
def test_a_password_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        serve(auth=Auth.BASIC, user="me", password_file=path)
    assert caught.value.path == str(path)


@pytest.mark.parametrize(("module", "code"), [("uvicorn", 2), ("cosignpy.localregistry.app", 1)])
def test_the_command_names_the_extra_it_needs(module: str, code: int) -> None:
    program = f"import sys; sys.modules['{module}'] = None; from cosignpy.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "registry", "serve"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "pip install 'cosignpy[server]'" in done.stderr) == (code, code == 2)
