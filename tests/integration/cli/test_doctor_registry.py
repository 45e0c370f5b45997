"""What `doctor` finds out about registries of our own: with and without an account, an API, an image."""

import socket
from pathlib import Path

import pytest

from cosignpy.cli.doctor.registry import inspect_registry
from cosignpy.errors import AccessDenied, MalformedError, NoSuchTag, RemoteError, Unreachable, UsageError
from cosignpy.localregistry.access import Action
from cosignpy.localregistry.auth.accounts import Account
from cosignpy.localregistry.auth.basic import BasicAuth
from cosignpy.localregistry.auth.bearer import BearerAuth
from cosignpy.localregistry.faults import Faults
from cosignpy.localregistry.server import LocalRegistry
from cosignpy.localregistry.server import RegistryOptions as ServerOptions
from cosignpy.registry.options import RegistryOptions
from tests.integration.cli.conftest import Shelf
from tests.support.raw_server import RawRequest, RawServer, reply

OWNER = Account("owner", "owner password")
ANYBODY = RegistryOptions()
AS_OWNER = RegistryOptions(username="owner", password="owner password")


def test_an_image(shelf: Shelf) -> None:
    found = inspect_registry(f"{shelf.address}/team/app:1", ANYBODY)
    assert (found.name, found.error, found.image_error) == (f"{shelf.address}/team/app", None, None)
    assert found.image == f"{shelf.address}/team/app:1"
    assert (found.shown, found.has_referrers is None) == ("", False)


@pytest.mark.parametrize(("faults", "has"), [(Faults(), True), (Faults(no_referrers_api=True), False)])
def test_an_image_that_is_not_there(faults: Faults, has: bool) -> None:
    with LocalRegistry(ServerOptions(faults=faults)) as server:
        found = inspect_registry(f"{server.address}/team/app:1", ANYBODY)
    assert isinstance(found.image_error, NoSuchTag)
    assert (found.error, found.has_referrers) == (None, has)


def test_a_registry_alone() -> None:
    with LocalRegistry() as server:
        found = inspect_registry(server.address, ANYBODY)
        assert (found.name, found.error, found.has_referrers, found.image) == (server.address, None, None, "")
        failing = inspect_registry(server.address.replace("127.0.0.1", "localhost"), ANYBODY)
        assert failing.error is None


@pytest.mark.parametrize(
    ("auth", "options", "shown"),
    [
        (BasicAuth((OWNER,)), AS_OWNER, "a user and password"),
        (BearerAuth((OWNER,)), AS_OWNER, "a user and password"),
        (BearerAuth((OWNER,), anonymous=frozenset({Action.PULL})), ANYBODY, "no credentials"),
    ],
)
def test_what_a_registry_is_shown(auth: BasicAuth | BearerAuth, options: RegistryOptions, shown: str) -> None:
    with LocalRegistry(ServerOptions(auth=auth)) as server:
        found = inspect_registry(f"{server.address}/team/app:1", options)
        assert (found.error, found.shown) == (None, shown)


@pytest.mark.parametrize("place", ["", "/team/app:1"])
@pytest.mark.parametrize(
    "options", [ANYBODY, RegistryOptions(username="owner", password="another"), RegistryOptions(token="a token")]
)
def test_who_is_not_let_in(place: str, options: RegistryOptions) -> None:
    with LocalRegistry(ServerOptions(auth=BasicAuth((OWNER,)))) as server:
        found = inspect_registry(f"{server.address}{place}", options)
    assert isinstance(found.error, AccessDenied)
    assert "another" not in str(found.error)


@pytest.mark.parametrize("place", ["", "/team/app:1"])
def test_a_registry_that_fails(place: str) -> None:
    with LocalRegistry(ServerOptions(faults=Faults(status=500))) as server:
        found = inspect_registry(f"{server.address}{place}", ANYBODY)
    assert type(found.error) is RemoteError


@pytest.mark.parametrize("place", ["", "/team/app:1"])
def test_nobody_listens(place: str) -> None:
    with LocalRegistry() as server:
        address = server.address
    assert isinstance(inspect_registry(f"{address}{place}", ANYBODY).error, Unreachable)


def test_a_place_that_is_no_registry(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        inspect_registry(f"oci-layout:{tmp_path}", ANYBODY)
    with pytest.raises(MalformedError):
        inspect_registry("registry.example/UPPER", ANYBODY)


def test_a_token_is_shown_as_one() -> None:
    def handle(connection: socket.socket, request: RawRequest) -> None:
        known = request.headers.get("authorization") == "Bearer secret"
        challenge = {} if known else {"WWW_Authenticate": 'Bearer realm="http://127.0.0.1/token",service="raw"'}
        reply(200 if known else 401, b"{}", **challenge)(connection, request)

    with RawServer(handle) as server:
        found = inspect_registry(server.address, RegistryOptions(token="secret"))
    assert (found.error, found.shown) == (None, "a token")
