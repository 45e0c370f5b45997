"""Credentials of clouds, by their real SDKs, from services here that answer rightly, wrongly or not at all."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from cosignpy.core.encoding import encode_b64
from cosignpy.errors import AccessDenied, CosignError, MalformedError, RemoteError
from cosignpy.net.clock import Clock
from cosignpy.net.retry import NO_RETRIES
from cosignpy.registry.cloud import sources
from cosignpy.registry.cloud.issued import IssuedCredentials
from cosignpy.registry.credential_selection import select_credentials
from cosignpy.registry.credentials import Anonymous, BasicCredential, Credential, IdentityToken
from cosignpy.registry.options import CloudCredentials, RegistryOptions
from cosignpy.registry.session import RegistrySession
from tests.support.cloud_services import (
    ROLE,
    Routes,
    amazon_json,
    aws_keys,
    ecr_answer,
    instance_metadata,
    json_reply,
    sts_answer,
)
from tests.support.raw_server import Handler, RawServer, hang_up, reply, stall, then, tunnel_to
from tests.support.tls_files import Authority, server_context

ECR: Final = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
PASSWORD: Final = BasicCredential("AWS", "ecr password")
SECRETS: Final = ("amazon secret", "amazon session", "assumed secret", "google token", "entra token", "ecr password")
Serve = Callable[[Handler], RawServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda handler: stack.enter_context(RawServer(handler))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment that knows no cloud, and a memory that has nothing."""
    for name in tuple(os.environ):
        if name.startswith(("AWS_", "AZURE_", "GOOGLE_", "GCE_", "CLOUDSDK_", "IDENTITY_", "MSI_", "NO_GCE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(sources, "_ISSUED", IssuedCredentials(Clock()))
    return monkeypatch


def ask(registry: str, **options: Any) -> list[Credential]:
    chosen = RegistryOptions(environment=os.environ, cloud=CloudCredentials.USED, retry=NO_RETRIES, **options)
    return list(select_credentials(chosen, registry, "team/app"))


def refusal(registry: str, kind: type[CosignError], **options: Any) -> CosignError:
    with pytest.raises(kind) as caught:
        ask(registry, **options)
    shown = f"{caught.value!r} {caught.value}"
    assert "\n" not in str(caught.value)
    assert not [each for each in SECRETS if each in shown]
    return caught.value


# --- AWS


def with_keys(environment: pytest.MonkeyPatch, ecr: RawServer) -> None:
    environment.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    environment.setenv("AWS_SECRET_ACCESS_KEY", "amazon secret")
    environment.setenv("AWS_ENDPOINT_URL_ECR", f"http://{ecr.address}")
    environment.setenv("AWS_ENDPOINT_URL_ECR_PUBLIC", f"http://{ecr.address}")


def signer_of(server: RawServer) -> str:
    return server.requests[-1].headers["authorization"].partition("Credential=")[2].partition("/aws4_request")[0]


def test_aws_keys_of_the_environment_become_a_password(environment: pytest.MonkeyPatch, serve: Serve) -> None:
    ecr = serve(ecr_answer())
    with_keys(environment, ecr)
    assert ask(ECR) == [PASSWORD]
    assert signer_of(ecr).startswith("AKIDEXAMPLE/")
    assert signer_of(ecr).endswith("/eu-west-1/ecr")
    assert ecr.requests[0].headers["x-amz-target"].endswith(".GetAuthorizationToken")


def test_a_password_is_kept_for_all_registries_of_a_region(environment: pytest.MonkeyPatch, serve: Serve) -> None:
    ecr = serve(ecr_answer())
    with_keys(environment, ecr)
    for registry in (ECR, ECR.replace("1234", "9999"), ECR):
        assert ask(registry) == [PASSWORD]
    assert len(ecr.requests) == 1
    ask(ECR.replace("eu-west-1", "eu-central-1"))
    assert len(ecr.requests) == 2
    assert signer_of(ecr).endswith("/eu-central-1/ecr")


def test_a_password_that_is_about_to_end_is_replaced(environment: pytest.MonkeyPatch, serve: Serve) -> None:
    ecr = serve(then(ecr_answer("first", lifetime=-1.0), ecr_answer("second")))
    with_keys(environment, ecr)
    assert [ask(ECR) for _ in range(3)] == [
        [BasicCredential("AWS", "first")],
        *[[BasicCredential("AWS", "second")]] * 2,
    ]


def test_the_web_identity_of_a_pod_becomes_a_password(
    environment: pytest.MonkeyPatch, serve: Serve, tmp_path: Path
) -> None:
    ecr, sts = serve(ecr_answer()), serve(sts_answer())
    (tmp_path / "token").write_text("projected")
    environment.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    environment.setenv("AWS_ROLE_ARN", ROLE)
    environment.setenv("AWS_REGION", "eu-west-1")
    environment.setenv("AWS_ENDPOINT_URL_STS", f"http://{sts.address}")
    environment.setenv("AWS_ENDPOINT_URL_ECR", f"http://{ecr.address}")
    assert ask(ECR) == [PASSWORD]
    assert b"WebIdentityToken=projected" in sts.requests[0].body
    assert signer_of(ecr).startswith("AKIDASSUMED/")


def test_a_profile_of_aws_becomes_a_password(environment: pytest.MonkeyPatch, serve: Serve, tmp_path: Path) -> None:
    ecr = serve(ecr_answer())
    (tmp_path / "keys").write_text("[ci]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = amazon secret\n")
    environment.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "keys"))
    environment.setenv("AWS_PROFILE", "ci")
    environment.setenv("AWS_ENDPOINT_URL_ECR", f"http://{ecr.address}")
    assert ask(ECR) == [PASSWORD]
    assert signer_of(ecr).startswith("AKIDPROFILE/")


def test_the_identity_agent_of_a_pod_is_asked(environment: pytest.MonkeyPatch, serve: Serve, tmp_path: Path) -> None:
    ecr, agent = serve(ecr_answer()), serve(json_reply(aws_keys("AKIDAGENT")))
    (tmp_path / "token").write_text("projected")
    environment.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://{agent.address}/v1/credentials")
    environment.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "token"))
    environment.setenv("AWS_ENDPOINT_URL_ECR", f"http://{ecr.address}")
    assert ask(ECR) == [PASSWORD]
    assert agent.requests[0].headers["authorization"] == "projected"
    assert signer_of(ecr).startswith("AKIDAGENT/")


def test_a_machine_s_metadata_are_asked_after_nobody_s_credentials_were_refused(
    environment: pytest.MonkeyPatch, serve: Serve
) -> None:
    ecr, metadata = serve(ecr_answer()), serve(Routes(instance_metadata()))
    environment.delenv("AWS_EC2_METADATA_DISABLED")
    environment.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://{metadata.address}/")
    environment.setenv("AWS_ENDPOINT_URL_ECR", f"http://{ecr.address}")
    assert ask(ECR) == [Anonymous(), PASSWORD]


def test_the_public_registry_has_passwords_of_its_own(environment: pytest.MonkeyPatch, serve: Serve) -> None:
    data = {"authorizationToken": encode_b64(b"AWS:ecr password"), "expiresAt": 4_000_000_000}
    ecr = serve(amazon_json({"authorizationData": data}))
    with_keys(environment, ecr)
    assert ask("public.ecr.aws") == [PASSWORD]
    assert signer_of(ecr).endswith("/us-east-1/ecr-public")


@pytest.mark.usefixtures("environment")
def test_who_is_not_known_to_aws_is_anonymous() -> None:
    assert ask(ECR) == ask(ECR) == [Anonymous()]


def test_keys_that_may_not_are_told(environment: pytest.MonkeyPatch, serve: Serve) -> None:
    denied = {"__type": "AccessDeniedException", "message": "User is not authorized"}
    ecr = serve(amazon_json(denied, 400))
    with_keys(environment, ecr)
    error = refusal(ECR, AccessDenied)
    assert "AccessDeniedException" in str(error)


@pytest.mark.parametrize(
    "handler", [amazon_json({}, 500), hang_up, reply(200, b"<html>"), stall()], ids=["500", "closed", "page", "silent"]
)
def test_a_failure_of_aws_is_told(environment: pytest.MonkeyPatch, serve: Serve, handler: Handler) -> None:
    environment.setattr("cosignpy.registry.cloud.aws.READ_SECONDS", 0.3)
    with_keys(environment, serve(handler))
    refusal(ECR, CosignError)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        [{}],
        [{"authorizationToken": "!", "expiresAt": 4_000_000_000}],
        [{"authorizationToken": encode_b64(b"no colon"), "expiresAt": 4_000_000_000}],
        [{"authorizationToken": encode_b64(b"AWS:"), "expiresAt": 4_000_000_000}],
        [{"authorizationToken": encode_b64(b"\xff:x"), "expiresAt": 4_000_000_000}],
        [{"authorizationToken": encode_b64(b"AWS:x")}],
    ],
)
def test_an_answer_of_aws_without_a_password_is_refused(
    environment: pytest.MonkeyPatch, serve: Serve, data: object
) -> None:
    with_keys(environment, serve(amazon_json({"authorizationData": data})))
    refusal(ECR, MalformedError)


# --- Google Cloud


@cache
def rsa_pem() -> str:
    key = rsa.generate_private_key(65537, 2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def google_file(folder: Path, token_url: str) -> Path:
    document = {
        "type": "service_account",
        "client_email": "webhook@project.iam.gserviceaccount.com",
        "private_key": rsa_pem(),
        "private_key_id": "1",
        "token_uri": token_url,
    }
    path = folder / "google.json"
    path.write_text(json.dumps(document))
    return path


TOKEN: Final = json_reply({"access_token": "google token", "expires_in": 3600, "token_type": "Bearer"})
GOOGLE: Final = BasicCredential("oauth2accesstoken", "google token")


@pytest.mark.parametrize("registry", ["europe-west1-docker.pkg.dev", "gcr.io", "eu.gcr.io"])
def test_a_google_service_account_becomes_a_token(
    environment: pytest.MonkeyPatch, serve: Serve, tmp_path: Path, registry: str
) -> None:
    server = serve(TOKEN)
    environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(google_file(tmp_path, f"http://{server.address}/token")))
    assert ask(registry) == ask("us-docker.pkg.dev") == [GOOGLE]
    assert len(server.requests) == 1


def test_federated_workloads_exchange_their_token(
    environment: pytest.MonkeyPatch, serve: Serve, tmp_path: Path
) -> None:
    server = serve(
        json_reply(
            {
                "access_token": "google token",
                "expires_in": 3600,
                "token_type": "Bearer",
                "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            }
        )
    )
    (tmp_path / "projected").write_text("projected")
    document = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/locations/global/workloadIdentityPools/p/providers/k",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"http://{server.address}/v1/token",
        "credential_source": {"file": str(tmp_path / "projected")},
    }
    (tmp_path / "federated.json").write_text(json.dumps(document))
    environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "federated.json"))
    assert ask("gcr.io") == [GOOGLE]
    assert b"subject_token=projected" in server.requests[0].body


CHILD: Final = """
import os
from cosignpy.registry.credential_selection import select_credentials
from cosignpy.registry.options import CloudCredentials, RegistryOptions
options = RegistryOptions(environment=os.environ, cloud=CloudCredentials.USED)
print([type(each).__name__ for each in select_credentials(options, "gcr.io", "team/app")])
"""
"""The SDK reads where metadata are when it is imported."""


@pytest.mark.parametrize("flavor", ["Google", "Other"])
def test_google_metadata_are_asked_after_nobody_s_credentials_were_refused(
    environment: pytest.MonkeyPatch, serve: Serve, flavor: str
) -> None:
    def metadata(connection: Any, request: Any) -> None:
        token = {"access_token": "google token", "expires_in": 3600, "token_type": "Bearer"}
        account = {"aliases": ["default"], "email": "default", "scopes": ["x"]}
        body: object = token if "/token" in request.target else account
        reply(200, json.dumps(body).encode(), Metadata_Flavor=flavor, Content_Type="application/json")(
            connection, request
        )

    server = serve(metadata)
    for name in ("GCE_METADATA_HOST", "GCE_METADATA_IP"):
        environment.setenv(name, server.address)
    environment.setenv("GCE_METADATA_DETECT_RETRIES", "1")
    environment.setenv("GOOGLE_CLOUD_PROJECT", "project")
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
    found = ["Anonymous", "BasicCredential"] if flavor == "Google" else ["Anonymous"]
    assert done.stdout.strip() == str(found)


@pytest.mark.parametrize(
    "handler",
    [json_reply({"error": "invalid_grant"}, 400), json_reply({}), reply(200, b"<html>"), hang_up, stall()],
    ids=["denied", "empty", "page", "closed", "silent"],
)
def test_a_failure_of_google_is_told(
    environment: pytest.MonkeyPatch, serve: Serve, tmp_path: Path, handler: Handler
) -> None:
    environment.setattr("cosignpy.registry.cloud.gcp.READ_SECONDS", 0.3)
    environment.setattr("time.sleep", lambda _: None)
    path = google_file(tmp_path, f"http://{serve(handler).address}/token")
    environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    refusal("gcr.io", RemoteError)


def test_a_token_of_google_without_an_end_is_refused(
    environment: pytest.MonkeyPatch, serve: Serve, tmp_path: Path
) -> None:
    server = serve(json_reply({"access_token": "google token"}))
    environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(google_file(tmp_path, f"http://{server.address}/token")))
    refusal("gcr.io", MalformedError)


def test_a_google_file_that_is_none_is_nobody(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "absent"))
    assert ask("gcr.io") == [Anonymous()]


# --- Azure


class Azure:
    """A registry of Azure behind a proxy, and the endpoint that gives tokens to an app."""

    def __init__(self, folder: Path, stack: ExitStack, exchange: Handler) -> None:
        authority = Authority(folder)
        context = server_context(authority.issue("team.azurecr.io"))
        challenge = 'Bearer realm="https://team.azurecr.io/oauth2/token",service="team.azurecr.io"'
        self.routes = Routes(
            {
                "GET /v2/": then(reply(401, WWW_Authenticate=challenge), reply(200)),
                "POST /oauth2/exchange": exchange,
                "POST /oauth2/token": json_reply({"access_token": "pull"}),
            }
        )
        self.registry = stack.enter_context(RawServer(self.routes, context))
        self.proxy = stack.enter_context(RawServer(tunnel_to(self.registry.port)))
        self.cacert = str(authority.certificate)


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Callable[[Handler], Azure]]:
    with ExitStack() as stack:
        yield lambda exchange: Azure(tmp_path, stack, exchange)


ENTRA: Final = {"access_token": "entra token", "expires_on": "4000000000", "resource": "x", "token_type": "Bearer"}
REFRESH: Final = json_reply({"refresh_token": "refresh"})


def as_app(environment: pytest.MonkeyPatch, identity: RawServer, site: Azure) -> None:
    environment.setenv("IDENTITY_ENDPOINT", f"http://{identity.address}/msi/token")
    environment.setenv("IDENTITY_HEADER", "header")
    environment.setenv("HTTPS_PROXY", f"http://{site.proxy.address}")


def test_a_managed_identity_of_azure_is_exchanged_and_pulls(
    environment: pytest.MonkeyPatch, serve: Serve, azure: Callable[[Handler], Azure]
) -> None:
    identity, site = serve(json_reply(ENTRA)), azure(REFRESH)
    as_app(environment, identity, site)
    options = RegistryOptions(environment=os.environ, cloud=CloudCredentials.USED, cacert=site.cacert, retry=NO_RETRIES)
    session = RegistrySession("team.azurecr.io", options)
    with session.send("GET", "/v2/team/app/manifests/v1", repository="team/app") as response:
        assert response.status == 200
    session.close()
    assert "resource=https://containerregistry.azure.net" in identity.requests[0].target
    bodies = [request.body for request in site.routes.seen]
    assert bodies[1] == b"grant_type=access_token&service=team.azurecr.io&access_token=entra+token"
    assert b"grant_type=refresh_token&refresh_token=refresh" in bodies[2]
    assert site.routes.seen[3].headers["authorization"] == "Bearer pull"
    assert ask("team.azurecr.io", cacert=site.cacert) == [IdentityToken("refresh")]
    assert len(identity.requests) == 1


def test_the_workload_identity_of_a_pod_on_azure_is_exchanged(
    environment: pytest.MonkeyPatch, tmp_path: Path, azure: Callable[[Handler], Azure]
) -> None:
    site = azure(REFRESH)
    authority = Authority(tmp_path, "entra authority")
    token = json_reply({"access_token": "entra token", "expires_in": 3600, "token_type": "Bearer"})
    routes = Routes({"POST /tenant/oauth2/v2.0/token": token})
    with RawServer(routes, server_context(authority.issue("localhost"))) as entra:
        (tmp_path / "projected").write_text("projected")
        for name, text in {
            "AZURE_AUTHORITY_HOST": f"https://localhost:{entra.port}",
            "AZURE_CLIENT_ID": "client",
            "AZURE_TENANT_ID": "tenant",
            "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "projected"),
            "REQUESTS_CA_BUNDLE": str(authority.certificate),
            "HTTPS_PROXY": f"http://{site.proxy.address}",
            "NO_PROXY": "localhost",
        }.items():
            environment.setenv(name, text)
        assert ask("team.azurecr.io", cacert=site.cacert) == [IdentityToken("refresh")]
    assert b"client_assertion=projected" in routes.seen[-1].body
    assert b"scope=https%3A%2F%2Fcontainerregistry.azure.net%2F.default" in routes.seen[-1].body


@pytest.mark.parametrize(
    ("exchange", "kind"),
    [
        (json_reply({"errors": []}, 401), AccessDenied),
        (json_reply({}, 500), RemoteError),
        (json_reply({}), MalformedError),
        (reply(200, b"<html>"), MalformedError),
        (reply(307, Location="https://evil.example/"), RemoteError),
        (hang_up, RemoteError),
    ],
    ids=["denied", "500", "empty", "page", "redirect", "closed"],
)
def test_a_registry_of_azure_that_does_not_exchange_is_told(
    environment: pytest.MonkeyPatch,
    serve: Serve,
    azure: Callable[[Handler], Azure],
    exchange: Handler,
    kind: type[CosignError],
) -> None:
    site = azure(exchange)
    as_app(environment, serve(json_reply(ENTRA)), site)
    refusal("team.azurecr.io", kind, cacert=site.cacert)


@pytest.mark.parametrize(
    "handler", [json_reply({"error": "x"}, 400), json_reply({}, 500), reply(200, b"<html>")], ids=["400", "500", "page"]
)
def test_an_identity_of_azure_that_is_expected_and_fails_is_told(
    environment: pytest.MonkeyPatch, serve: Serve, azure: Callable[[Handler], Azure], handler: Handler
) -> None:
    site = azure(REFRESH)
    as_app(environment, serve(handler), site)
    error = refusal("team.azurecr.io", RemoteError, cacert=site.cacert)
    assert "ManagedIdentityCredential" in str(error)
    assert site.routes.seen == []


def test_a_client_secret_of_azure_is_exchanged(
    environment: pytest.MonkeyPatch, tmp_path: Path, azure: Callable[[Handler], Azure]
) -> None:
    site = azure(REFRESH)
    authority = Authority(tmp_path, "entra authority")
    routes = Routes({})
    with RawServer(routes, server_context(authority.issue("localhost"))) as entra:
        host = f"https://localhost:{entra.port}"
        found = {"authorization_endpoint": f"{host}/authorize", "token_endpoint": f"{host}/token"}
        routes.routes = {
            "GET /tenant/v2.0/.well-known/openid-configuration": json_reply(
                {**found, "token_endpoint": f"{host}/token"}
            ),
            "POST /token": json_reply({"access_token": "entra token", "expires_in": 3600, "token_type": "Bearer"}),
        }
        for name, text in {
            "AZURE_AUTHORITY_HOST": host,
            "AZURE_CLIENT_ID": "client",
            "AZURE_CLIENT_SECRET": "client secret",
            "AZURE_TENANT_ID": "tenant",
            "REQUESTS_CA_BUNDLE": str(authority.certificate),
            "HTTPS_PROXY": f"http://{site.proxy.address}",
            "NO_PROXY": "localhost",
        }.items():
            environment.setenv(name, text)
        assert ask("team.azurecr.io", cacert=site.cacert) == [IdentityToken("refresh")]
    assert b"client_secret=client+secret" in routes.seen[-1].body


def test_whom_az_knows_is_used_after_nobody_s_credentials_were_refused(
    environment: pytest.MonkeyPatch, serve: Serve, tmp_path: Path, azure: Callable[[Handler], Azure]
) -> None:
    site = azure(REFRESH)
    told = {"accessToken": "entra token", "expires_on": 4_000_000_000, "expiresOn": "2096-10-02 07:06:40.000000"}
    (tmp_path / "az").write_text(f"#!/bin/sh\necho '{json.dumps(told)}'\n")
    (tmp_path / "az").chmod(0o755)
    environment.setenv("PATH", f"{tmp_path}:{os.defpath}")
    environment.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://{serve(reply(404)).address}")
    environment.setenv("HTTPS_PROXY", f"http://{site.proxy.address}")
    assert ask("team.azurecr.io", cacert=site.cacert) == [Anonymous(), IdentityToken("refresh")]


def test_who_is_not_known_to_azure_is_anonymous(environment: pytest.MonkeyPatch, serve: Serve) -> None:
    environment.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://{serve(reply(404)).address}")
    environment.setenv("PATH", "/nowhere")
    assert ask("team.azurecr.io") == [Anonymous()]
