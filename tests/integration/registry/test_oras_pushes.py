"""Pushes by oras behave as ours: a test for each defect of oras 0.2.43 that a push would meet.

 1 refusals and failures are retried for 131 seconds   7 names are parsed by rules of its own
 2 tokens are never renewed nor kept per repository    8 busy registries are not asked again, silent ones waited for
 3 one registry's token is sent to the next            9 blobs are read whole, manifests are written anew
 4 credentials stay in a shared dictionary            10 queries of upload URLs are rewritten
 5 Basic challenges are not understood                12 it logs to stderr by itself
 6 credential files are read by rules of its own

What only concerns pulls (11, paths of unpacked files) cannot happen: nothing is pulled with it.
"""

import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import OCI_INDEX, Descriptor, Manifest, build_index
from cosignpy.errors import AccessDenied, CosignError, RateLimited, RemoteError, Unreachable
from cosignpy.localregistry.auth.accounts import Account
from cosignpy.localregistry.auth.basic import BasicAuth
from cosignpy.localregistry.auth.bearer import BearerAuth
from cosignpy.localregistry.faults import Faults, Kind, ScriptedAnswer
from cosignpy.localregistry.server import LocalRegistry, RegistryOptions
from cosignpy.net.clock import Clock
from cosignpy.net.retry import NO_RETRIES, RetryPolicy
from cosignpy.registry.endpoint import Endpoint
from cosignpy.registry.options import RegistryOptions as ClientOptions
from cosignpy.registry.oras_transport import OrasTransport
from cosignpy.registry.repository import RemoteRepository, RepositoryOptions
from cosignpy.registry.session import RegistrySession
from tests.support.repository_contract import LATEST, push_image, push_referrer

OWNER: Final = Account("owner", "correct horse")
QUICK: Final = RetryPolicy(first_wait=0.001, longest_wait=0.001)
Connect = Callable[..., tuple[LocalRegistry, RegistrySession]]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Serve a registry and open a session with the options given."""
    with ExitStack() as stack:

        def connect(
            registry: RegistryOptions | None = None, client: ClientOptions | None = None
        ) -> tuple[LocalRegistry, RegistrySession]:
            served = stack.enter_context(LocalRegistry(registry))
            session = RegistrySession(served.address, client or ClientOptions(retry=NO_RETRIES))
            stack.callback(session.close)
            return served, session

        yield connect


@pytest.mark.parametrize(
    ("status", "error"), [(401, AccessDenied), (403, AccessDenied), (500, RemoteError), (429, RateLimited)]
)
def test_1_failed_push_is_one_request_and_one_typed_error(
    connect: Connect, status: int, error: type[CosignError]
) -> None:
    """Stock oras sleeps 131 seconds and raises ValueError."""
    served, session = connect(RegistryOptions(faults=Faults(status=status)))
    with pytest.raises(error):
        RemoteRepository(session, "team/app").push_blob(b"content")
    assert len(served.requests) == 1


def test_1_push_to_nowhere_is_unreachable(unused_port: int) -> None:
    session = RegistrySession(f"127.0.0.1:{unused_port}", ClientOptions(retry=NO_RETRIES))
    with pytest.raises(Unreachable):
        RemoteRepository(session, "team/app").push_blob(b"content")


@pytest.fixture
def unused_port() -> int:
    with LocalRegistry() as registry:
        return int(registry.address.rpartition(":")[2])


def test_2_pull_then_push_and_another_repository_get_tokens_of_their_own(connect: Connect) -> None:
    """Stock oras sends the token it has again and again."""
    client = ClientOptions(username=OWNER.name, password=OWNER.password, retry=NO_RETRIES)
    _, session = connect(RegistryOptions(auth=BearerAuth((OWNER,))), client)
    for name in ("team/app", "team/other"):
        repository = RemoteRepository(session, name)
        assert repository.referrers.fetch(Digest.of(b"absent")) == ()
        image = push_image(repository, b"layer", LATEST)
        push_referrer(repository, image, b"bundle")
        assert len(repository.fetch_referrers(image.digest)) == 1


def test_2_expired_token_is_renewed_in_the_middle_of_a_push(connect: Connect) -> None:
    client = ClientOptions(username=OWNER.name, password=OWNER.password, retry=NO_RETRIES)
    faults = Faults(token_uses=2)
    _, session = connect(RegistryOptions(auth=BearerAuth((OWNER,)), faults=faults), client)
    image = push_image(RemoteRepository(session, "team/app"), b"layer", LATEST)
    assert RemoteRepository(session, "team/app").fetch_manifest(LATEST) == image


def test_3_4_no_credential_stays_in_what_oras_keeps(connect: Connect) -> None:
    """Stock oras writes the header into a dictionary that it sends to every registry."""
    client = ClientOptions(username=OWNER.name, password=OWNER.password, retry=NO_RETRIES)
    _, session = connect(RegistryOptions(auth=BasicAuth((OWNER,))), client)
    transport = OrasTransport(Endpoint(session, "team/app"))
    response = transport.do_request(f"registry://{session.registry}/v2/team/app/blobs/uploads/", "POST")
    assert response.status_code == 202
    assert transport.headers == {}
    assert transport.auth.get_auth_header() == {}
    assert "Authorization" not in transport.session.headers


def test_5_push_answers_a_basic_challenge(connect: Connect) -> None:
    """Stock oras takes the realm of a Basic challenge for a URL."""
    client = ClientOptions(username=OWNER.name, password=OWNER.password, retry=NO_RETRIES)
    _, session = connect(RegistryOptions(auth=BasicAuth((OWNER,))), client)
    push_image(RemoteRepository(session, "team/app"), b"layer", LATEST)


def test_6_no_credential_file_is_read_by_oras(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Stock oras reads them by rules of its own; this one would make it fail."""
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text("not JSON")
    monkeypatch.setenv("HOME", str(tmp_path))
    _, session = connect()
    transport = OrasTransport(Endpoint(session, "team/app"))
    transport.auth.load_configs("team/app")
    transport.push_raw_manifest(build_index([]), LATEST)


def test_6_oras_is_never_asked_to_authenticate(connect: Connect) -> None:
    _, session = connect()
    with pytest.raises(AssertionError):
        OrasTransport(Endpoint(session, "team/app")).auth.authenticate_request(None, {})


@pytest.mark.parametrize(
    ("registry", "repository", "url"),
    [
        ("index.docker.io", "library/alpine", "registry://index.docker.io/v2/library/alpine/blobs/uploads/"),
        ("localhost", "app", "registry://localhost/v2/app/blobs/uploads/"),
        ("localhost:5000", "a/b/c", "registry://localhost:5000/v2/a/b/c/blobs/uploads/"),
    ],
)
def test_7_names_are_those_of_our_parser(registry: str, repository: str, url: str) -> None:
    """Stock oras takes `localhost/app` for an image on Docker Hub."""
    transport = OrasTransport(Endpoint(RegistrySession(registry, ClientOptions()), repository))
    assert f"{transport.prefix}://{transport._container.upload_blob_url()}" == url


def test_8_busy_registry_is_asked_again(connect: Connect) -> None:
    """Stock oras fails at once on 503 and 429."""
    for faults in (Faults(server_errors=2, retry_after=0), Faults(rate_limit=2, retry_after=0)):
        _, session = connect(RegistryOptions(faults=faults), ClientOptions(retry=QUICK))
        push_image(RemoteRepository(session, "team/app"), b"layer", LATEST)


def test_8_silent_registry_is_given_up(connect: Connect) -> None:
    """Stock oras waits for ever."""
    slow = Faults(latency=2.0, only=frozenset({Kind.UPLOADS}))
    _, session = connect(RegistryOptions(faults=slow), ClientOptions(read_timeout=0.2, retry=NO_RETRIES))
    with pytest.raises(Unreachable):
        RemoteRepository(session, "team/app").push_blob(b"content")


def test_9_large_blob_is_not_held_in_memory(connect: Connect) -> None:
    """Stock oras reads it whole. The registry is in this process: its share is counted as well."""
    _, session = connect()
    repository = RemoteRepository(session, "team/app")
    chunk, count = b"\0" * (1 << 20), 48
    digest = Digest.of(chunk * count)
    tracemalloc.start()
    repository.push_stream(Descriptor("application/x", digest, len(chunk) * count), (chunk for _ in range(count)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20
    assert repository.has_blob(digest)


def test_9_index_keeps_its_type_and_every_byte(connect: Connect) -> None:
    """Stock oras sends an index as an image manifest, and its JSON written anew."""
    _, session = connect()
    repository = RemoteRepository(session, "team/app")
    index = Manifest.parse(b'{ "schemaVersion":2,\n "mediaType": "%s", "manifests" :[] }\n' % OCI_INDEX.encode())
    repository.push_manifest(index, LATEST)
    assert repository.fetch_manifest(LATEST).raw == index.raw


def test_10_upload_url_keeps_its_query(connect: Connect) -> None:
    """Stock oras drops members without a value and encodes the others anew."""
    location = "/v2/team/app/blobs/uploads/1?_state=a%2Fb%20c&empty=&flag"
    digest = Digest.of(b"content")
    answers = (
        ScriptedAnswer("POST", "/v2/team/app/blobs/uploads/", 202, {"Location": location}),
        ScriptedAnswer("PUT", "/v2/team/app/blobs/uploads/1", 201),
    )
    served, session = connect(RegistryOptions(faults=Faults(scripted=answers)))
    RemoteRepository(session, "team/app").push_blob(b"content")
    assert served.requests[-1].query == f"_state=a%2Fb%20c&empty=&flag&digest={digest}"


def test_12_nothing_is_written_to_stderr_and_no_warning_is_switched_off(
    connect: Connect, capfd: pytest.CaptureFixture[str]
) -> None:
    """Stock oras logs to stderr on its own, and silences urllib3 for the whole process."""
    _, session = connect(
        RegistryOptions(faults=Faults(status=500)), ClientOptions(allow_insecure=False, retry=NO_RETRIES)
    )
    with warnings.catch_warnings():
        with pytest.raises(RemoteError):
            RemoteRepository(session, "team/app").push_blob(b"content")
        assert not any("InsecureRequestWarning" in str(found) for found in warnings.filters)
    assert capfd.readouterr() == ("", "")


# --- what a push costs ----------------------------------------------------------------------------


def asked(served: LocalRegistry) -> list[str]:
    return [f"{request.method} {request.path.split('/')[4]}" for request in served.requests]


def test_signing_one_image_costs_five_requests(connect: Connect) -> None:
    """Cosign needs fifteen."""
    served, session = connect()
    push_image(RemoteRepository(session, "team/app"), b"layer", LATEST)
    push_referrer(
        RemoteRepository(session, "team/app"), push_image(RemoteRepository(session, "team/app"), b"first"), b"1"
    )
    served.clear_requests()
    repository = RemoteRepository(session, "team/app")
    push_referrer(repository, repository.fetch_manifest(LATEST), b"bundle")
    assert asked(served) == ["GET manifests", "HEAD blobs", "POST blobs", "PUT blobs", "PUT manifests"]


def test_without_the_api_the_list_costs_three_more(connect: Connect) -> None:
    served, session = connect(RegistryOptions(faults=Faults(no_referrers_api=True)))
    options = RepositoryOptions(clock=Clock(sleep=lambda _: None))
    repository = RemoteRepository(session, "team/app", options)
    image = push_image(repository, b"layer", LATEST)
    push_referrer(repository, image, b"first")
    served.clear_requests()
    push_referrer(repository, image, b"second")
    assert asked(served) == [
        "POST blobs",
        "PUT blobs",
        "PUT manifests",
        *["GET manifests", "PUT manifests"],
        "GET manifests",
    ]


def test_api_that_is_missing_is_asked_for_once(connect: Connect) -> None:
    served, session = connect(RegistryOptions(faults=Faults(no_referrers_api=True)))
    repository = RemoteRepository(session, "team/app")
    for content in (b"1", b"2"):
        assert repository.fetch_referrers(Digest.of(content)) == ()
    assert asked(served) == ["GET referrers", "GET manifests", "GET manifests"]


def test_blob_is_mounted_within_a_registry(connect: Connect) -> None:
    served, session = connect()
    source, target = (RemoteRepository(session, name) for name in ("team/app", "team/copy"))
    source.push_blob(b"layer")
    served.clear_requests()
    target.copy_blob(Descriptor.of(b"layer", "application/x"), source)
    assert [(request.method, request.status) for request in served.requests] == [("POST", 201)]
    assert target.has_blob(Digest.of(b"layer"))


def test_blob_that_cannot_be_mounted_is_moved(connect: Connect) -> None:
    refusal = ScriptedAnswer("POST", "/v2/team/copy/blobs/uploads/", 202, {"Location": "/v2/team/copy/blobs/uploads/1"})
    stored = ScriptedAnswer("PUT", "/v2/team/copy/blobs/uploads/1", 201)
    served, session = connect(RegistryOptions(faults=Faults(scripted=(refusal, stored))))
    source, target = (RemoteRepository(session, name) for name in ("team/app", "team/copy"))
    source.push_blob(b"layer")
    target.copy_blob(Descriptor.of(b"layer", "application/x"), source)
    assert served.requests[-1].method == "PUT"


def test_blob_is_moved_between_registries(connect: Connect) -> None:
    (_, here), (_, there) = connect(), connect()
    source, target = RemoteRepository(here, "team/app"), RemoteRepository(there, "team/app")
    source.push_blob(b"layer")
    target.copy_blob(Descriptor.of(b"layer", "application/x"), source)
    assert target.has_blob(Digest.of(b"layer"))
