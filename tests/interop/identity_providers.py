"""Three identity providers to choose from: ours for development, npm's oidc-provider, and Keycloak.

    with serve_keycloak(folder) as provider:
        token = provider.token()                # of provider.person, by a code, PKCE and its own sign-in pages
        machine = provider.machine_token()      # of its service account

Each has the public client `sigstore` and the service account `ci`, whose tokens are for the audience `sigstore`.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

from cosignpy.stack.devidp.clients import ServiceAccount
from cosignpy.stack.devidp.server import DevIdp, DevIdpOptions
from cosignpy.stack.devidp.signing_keys import SigningKey, SigningKeys, TokenAlgorithm
from cosignpy.values import record
from tests.interop import peers
from tests.support.http_calls import Caller
from tests.support.oidc_client import OidcClient, Person
from tests.support.registries import free_port

ACCOUNT: Final = "ci"
SECRET: Final = "the secret of the service account"

_REALM: Final = Path(__file__).resolve().parent / "keycloak" / "sigstore-realm.json"
_ADMIN: Final = "admin"
_ADMIN_PASSWORD: Final = "the password of the administrator"
_START_SECONDS: Final = 120.0
"""Keycloak takes 17 on an idle machine."""
_POLL_SECONDS: Final = 0.1
_FORM: Final = "application/x-www-form-urlencoded"


class ProviderNotStartedError(Exception):
    """A provider ended, or was not ready in time; with all it said."""


class Running(Protocol):
    """What a provider can be told."""

    def rotate(self) -> None:
        """Have another key sign."""
        ...

    def stop(self) -> None:
        """End, and not answer any more."""
        ...


@record
class IdentityProvider:
    """A provider that runs, and somebody who can sign in there."""

    issuer: str
    person: Person
    running: Running

    @property
    def client(self) -> OidcClient:
        """Return a client that knows its endpoints."""
        return OidcClient.discover(self.issuer)

    def token(self) -> str:
        """Return the ID token of its person."""
        return str(self.client.authorize(self.person)["id_token"])

    def machine_token(self) -> str:
        """Return the access token of its service account."""
        return str(self.client.client_credentials(ACCOUNT, SECRET)["access_token"])

    def keys(self) -> list[str]:
        """Return the ids of the keys for signatures that it publishes."""
        published = Caller(self.client.described["jwks_uri"]).get("").json["keys"]
        return [key["kid"] for key in published if key.get("use") != "enc"]


# --- ours ---


@record
class _DevIdp:
    issuer: DevIdp
    closing: ExitStack

    def rotate(self) -> None:
        self.issuer.rotate()

    def stop(self) -> None:
        self.closing.close()


@contextmanager
def serve_devidp(_folder: Path) -> Iterator[IdentityProvider]:
    """Serve our own, in this process."""
    with ExitStack() as closing:
        options = DevIdpOptions(service_accounts=(ServiceAccount(ACCOUNT, SECRET),), device_interval=1)
        issuer = closing.enter_context(DevIdp(options))
        yield IdentityProvider(issuer.url, Person("ada@example.com"), _DevIdp(issuer, closing))


# --- programs ---


@record
class _Program:
    """A provider that is a process; it writes to `log`, and is ready when `ready` can be fetched."""

    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    ready: str
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self.log.open("ab") as output:
            environment = {**os.environ, **self.environment}
            self.process = subprocess.Popen(self.command, stdout=output, stderr=output, env=environment)
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ProviderNotStartedError(self.log.read_text())
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Kill it: none of them has anything to keep."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        try:
            return Caller(self.ready).get("").status == 200
        except OSError:
            return False


@record
class _OidcProvider:
    program: _Program
    keys: Path

    def rotate(self) -> None:
        """Write another key before the one that is there, and start it anew: it reads its keys once."""
        self.program.stop()
        keys = SigningKeys.parse(self.keys.read_bytes(), what="keys")
        self.keys.write_bytes(SigningKeys((_make_key(), *keys.keys)).encode())
        self.program.start()

    def stop(self) -> None:
        self.program.stop()


def _make_key() -> SigningKey:
    return SigningKey.generate(TokenAlgorithm.RS256)


@contextmanager
def serve_oidc_provider(folder: Path) -> Iterator[IdentityProvider]:
    """Serve npm's; whoever signs in there is the address that was typed in, as with ours."""
    port, keys = free_port(), folder / "oidc-provider.json"
    keys.write_bytes(SigningKeys((_make_key(),)).encode())
    command = (str(peers.path("oidc-provider")), str(port), str(keys), SECRET)
    issuer = f"http://127.0.0.1:{port}"
    program = _Program(command, {}, folder / "oidc-provider.log", f"{issuer}/.well-known/openid-configuration")
    program.start()
    try:
        yield IdentityProvider(issuer, Person("ada@example.com"), _OidcProvider(program, keys))
    finally:
        program.stop()


@record
class _Keycloak:
    program: _Program
    url: str

    def rotate(self) -> None:
        """Add a key of a higher priority, as an administrator does."""
        realm = self._administer("get", "")["id"]
        config = {"priority": ["200"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"]}
        key = {"name": "next", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider"}
        self._administer("post", "/components", {**key, "parentId": realm, "config": config})

    def stop(self) -> None:
        self.program.stop()

    def _administer(self, method: str, path: str, *content: object) -> Any:
        asked = f"grant_type=password&client_id=admin-cli&username={_ADMIN}&password={_ADMIN_PASSWORD}"
        caller = Caller(self.url)
        given = caller.post("/realms/master/protocol/openid-connect/token", asked.encode(), Content_Type=_FORM).json
        call: Callable[..., Any] = getattr(caller, method)
        reply = call(f"/admin/realms/sigstore{path}", *content, Authorization=f"Bearer {given['access_token']}")
        assert reply.status in {200, 201}, reply.body
        return reply.json if reply.body else None


@contextmanager
def serve_keycloak(folder: Path) -> Iterator[IdentityProvider]:
    """Serve Keycloak with our realm, from a home of its own: it writes beside what it runs from."""
    home, installed = folder / "keycloak", peers.path("keycloak").parents[1]
    (home / "data" / "import").mkdir(parents=True)
    (home / "data" / "import" / _REALM.name).write_bytes(_REALM.read_bytes())
    for name in ("conf", "lib", "providers", "themes"):
        (home / name).symlink_to(installed / name)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    flags = {
        "http-enabled": "true",
        "http-host": "127.0.0.1",
        "http-port": port,
        "http-management-port": free_port(),
        "hostname-strict": "false",
        "cache": "local",
    }
    command = [str(installed / "bin" / "kc.sh"), "start", "--optimized", "--import-realm", f"-Dkc.home.dir={home}"]
    command += [f"--{name}={given}" for name, given in flags.items()]
    environment = {"KC_BOOTSTRAP_ADMIN_USERNAME": _ADMIN, "KC_BOOTSTRAP_ADMIN_PASSWORD": _ADMIN_PASSWORD}
    issuer = f"{url}/realms/sigstore"
    program = _Program(command, environment, folder / "keycloak.log", f"{issuer}/.well-known/openid-configuration")
    program.start()
    try:
        (account,) = json.loads(_REALM.read_bytes())["users"]
        person = Person(account["email"], account["credentials"][0]["value"])
        yield IdentityProvider(issuer, person, _Keycloak(program, url))
    finally:
        program.stop()


PROVIDERS: Final[Mapping[str, Callable[[Path], Any]]] = MappingProxyType(
    {"devidp": serve_devidp, "oidc-provider": serve_oidc_provider, "keycloak": serve_keycloak}
)
"""What serves each of them; a context manager that gets a folder to write into."""
