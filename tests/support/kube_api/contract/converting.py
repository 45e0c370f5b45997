"""Custom kinds whose versions a webhook converts."""

import base64
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import Any

from tests.support.kube_api.client import path_of
from tests.support.kube_api.contract.checks import ApiServer, check, unique
from tests.support.kube_api.contract.custom import definition, thing
from tests.support.raw_server import RawRequest, RawServer, reply
from tests.support.tls_files import Authority, server_context

_PATIENCE = 15.0
Convert = Callable[[Any, str], Any]


def _swap(found: Any, version: str) -> Any:
    """Return an object in another version: `text` says which."""
    return found | {
        "apiVersion": version,
        "spec": found["spec"] | {"text": "beta" if version.endswith("beta1") else "one"},
    }


class _Converter:
    """Converts as a test wants it, over TLS."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder, "converter")
        self.convert: Convert = _swap
        self.answer: Mapping[str, Any] = {}
        self.ca_bundle = base64.b64encode(authority.certificate.read_bytes()).decode()
        self.server = RawServer(self._handle, server_context(authority.issue("127.0.0.1")))

    def _handle(self, connection: socket, raw: RawRequest) -> None:
        request = json.loads(raw.body)["request"]
        made = [self.convert(each, request["desiredAPIVersion"]) for each in request["objects"]]
        response = {"uid": request["uid"], "result": {"status": "Success"}, "convertedObjects": made, **self.answer}
        document = {"kind": "ConversionReview", "apiVersion": "apiextensions.k8s.io/v1", "response": response}
        reply(200, json.dumps(document).encode(), Content_Type="application/json")(connection, raw)


@contextmanager
def _converted(server: ApiServer) -> Iterator[tuple[str, str, _Converter]]:
    """Yield a group whose kind is converted by a webhook, a namespace, and the webhook."""
    api, place, group = server.client(), server.make_namespace(unique()), f"{unique('g')}.example.com"
    with tempfile.TemporaryDirectory() as folder:
        converter = _Converter(Path(folder))
        with converter.server:
            config = {"url": f"https://{converter.server.address}/", "caBundle": converter.ca_bundle}
            webhook = {"conversionReviewVersions": ["v1"], "clientConfig": config}
            api.create(definition(group, conversion={"strategy": "Webhook", "webhook": webhook}))
            ends = time.monotonic() + _PATIENCE
            for version in ("v1", "v1beta1"):
                path = path_of(f"{group}/{version}", "Thing", place)
                while api.ask("GET", path).code != 200 and time.monotonic() < ends:
                    time.sleep(0.05)
            yield group, place, converter
            api.delete("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", f"things.{group}")


@check
def webhooks_convert(server: ApiServer) -> None:
    """What is written in another version than the stored one is converted, and back when it is read."""
    api = server.client()
    with _converted(server) as (group, place, _):
        made = api.create(thing(group, place, version="v1beta1", most=3, text="x"))
        assert (made["apiVersion"], made["spec"]["text"]) == (f"{group}/v1beta1", "beta")
        assert api.get(f"{group}/v1", "Thing", place, "a")["spec"]["text"] == "one"
        assert api.list(f"{group}/v1beta1", "Thing", place)["items"][0]["apiVersion"] == f"{group}/v1beta1"


@check
def conversions_may_fail(server: ApiServer) -> None:
    """A webhook that refuses, or changes what it may not, is an error that says so."""
    api = server.client()
    with _converted(server) as (group, place, converter):
        api.create(thing(group, place, most=3))
        path = path_of(f"{group}/v1beta1", "Thing", place, "a")
        converter.answer = {"result": {"status": "Failure", "message": "cannot"}}
        found = api.ask("GET", path)
        assert found.code == 500
        assert f"conversion webhook for {group}/v1, Kind=Thing failed: cannot" in found.message
        converter.answer = {"uid": "x"}
        found = api.ask("GET", path)
        assert (found.code, 'got "x"' in found.message) == (500, True)
        converter.answer = {}
        converter.convert = lambda each, version: _swap(each | {"metadata": each["metadata"] | {"name": "b"}}, version)
        found = api.ask("GET", path)
        assert found.code == 500
        assert "returned invalid object: must have the same name: a != b" in found.message
