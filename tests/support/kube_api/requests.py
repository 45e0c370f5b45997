"""One request: who asks, whether they may, what is answered."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from cosignpy.values import record, value
from tests.support.kube_api import managing, metadata
from tests.support.kube_api.calls import Audited, Call, User
from tests.support.kube_api.failures import ApiFailure, bad_request, not_allowed, not_found, unsupported_media
from tests.support.kube_api.kinds import Kinds
from tests.support.kube_api.lists import list_objects
from tests.support.kube_api.merging import apply_json_patch, merge, merge_strategically
from tests.support.kube_api.paths import Target, parse_path
from tests.support.kube_api.rest import Changer, Rest
from tests.support.kube_api.rights import Rights, Tokens
from tests.support.kube_api.store import Object
from tests.support.kube_api.subresources import Subresources

JSON_PATCH: Final = "application/json-patch+json"
MERGE: Final = "application/merge-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"
APPLY: Final = "application/apply-patch+yaml"
_PATCHES: Final = (
    f"the body of the request was in an unknown format - accepted media types include: {JSON_PATCH}, {MERGE}, {APPLY}"
)
_MAX_BODY: Final = 3 << 20
_SECONDS: Final = 60.0


@value
class Request:
    """A request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@record
class Answer:
    """What is answered: a document, or the events of a watch."""

    code: int
    document: Any = None
    events: Iterator[dict[str, Any]] | None = None
    warnings: tuple[str, ...] = ()


@record
class Requests:
    """Carries out requests; `audited` is the audit log, `bugs` are errors of this server's own."""

    rest: Rest
    kinds: Kinds
    tokens: Tokens
    rights: Rights
    subresources: Subresources
    watch: Any
    audited: list[Audited]
    bugs: list[Exception]

    def answer(self, request: Request) -> Answer:
        """Answer a request; whatever fails is an answer."""
        call: Call | None = None
        try:
            user = self.tokens.find(request.headers.get("authorization", ""))
            call = Call(user, request.query, _manager(request), deadline=_deadline(request))
            found = self._answer(request, call)
        except ApiFailure as failure:
            found = Answer(failure.code, failure.status())
        except Exception as bug:
            self.bugs.append(bug)
            raise
        if call is None:
            return found
        found.warnings = tuple(call.warnings)
        self.audited.append(Audited(request.method, request.path, call.user.name, found.code, call.annotations))
        return found

    def _answer(self, request: Request, call: Call) -> Answer:
        if (plain := self._plain(request)) is not None:
            return plain
        target = parse_path(request.path, self.kinds)
        verb = _verb(request, target)
        self._check(call.user, verb, target, request)
        if verb == "watch":
            return Answer(200, events=self.watch(target, request.query))
        if verb == "list":
            return Answer(200, list_objects(self.rest, target, request.query))
        if verb == "get":
            return Answer(200, self.subresources.get(target) if target.subresource else self.rest.get(target))
        return self._write(verb, target, request, call)

    def _plain(self, request: Request) -> Answer | None:
        if request.path in {"/readyz", "/livez", "/healthz"}:
            return Answer(200, "ok")
        if request.path == "/version":
            return Answer(200, {"major": "1", "minor": "37", "gitVersion": "v1.37.0"})
        return None

    def _check(self, user: User, verb: str, target: Target, request: Request) -> None:
        name = target.name
        for each in request.query.get("fieldSelector", "").split(","):
            if verb in {"list", "watch"} and each.startswith("metadata.name="):
                name = each.partition("=")[2]
        self.rights.check(user, verb, target, name)

    def _write(self, verb: str, target: Target, request: Request, call: Call) -> Answer:
        if len(request.body) > _MAX_BODY:
            raise ApiFailure(413, "RequestEntityTooLarge", f"limit is {_MAX_BODY}")
        if verb == "patch":
            return self._patch(target, request, call)
        body = _decode(request.body) if request.body else {}
        if verb == "deletecollection":
            return self._delete_all(target, request, body, call)
        if verb == "delete":
            return Answer(200, _deleted(target, self.rest.delete(target, body, call)))
        if target.subresource:
            written = self.subresources.write(verb, target, body, call)
            return Answer(201 if verb == "create" else 200, written)
        if verb == "create":
            return Answer(201, self.rest.create(target, body, call))
        return Answer(200, self.rest.replace(target, body, call))

    def _delete_all(self, target: Target, request: Request, body: Any, call: Call) -> Answer:
        found = list_objects(self.rest, target, request.query)
        for each in found["items"]:
            self.rest.delete(_named(target, each), body, call)
        return Answer(200, found)

    def _patch(self, target: Target, request: Request, call: Call) -> Answer:
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if kind == APPLY:
            return self._apply(target, request, call)
        patch = _decode(request.body)
        changers: dict[str, Changer] = {
            JSON_PATCH: lambda before: apply_json_patch(before, patch),
            MERGE: lambda before: merge(before, patch),
            STRATEGIC: lambda before: merge_strategically(before, patch),
        }
        if kind not in changers or (kind == STRATEGIC and target.kind.is_custom):
            raise unsupported_media(_PATCHES)

        def change(before: Object) -> Object:
            return metadata.check_type(changers[kind](before), target, self.subresources.kind(target))

        return Answer(200, self.subresources.change(target, change, call))

    def _apply(self, target: Target, request: Request, call: Call) -> Answer:
        if not request.query.get("fieldManager"):
            raise ApiFailure(
                422,
                "Invalid",
                'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
            )
        try:
            body = yaml.safe_load(request.body)
        except yaml.YAMLError as error:
            raise bad_request(f"error decoding YAML: {error}") from error
        kind = self.subresources.kind(target)
        wanted = _about(target, metadata.check_type(body, target, kind))
        if wanted["metadata"].get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        call.is_apply = True
        manager, force = (call.manager, target.subresource), request.query.get("force") == "true"

        def change(before: Object) -> Object:
            made, fields = managing.apply(before, wanted, kind, manager, force=force)
            for name in {"resourceVersion", "uid"} & wanted["metadata"].keys():
                made["metadata"][name] = wanted["metadata"][name]
            return managing.note_apply(before, made, kind, manager, (fields, metadata.timestamp()))

        try:
            return Answer(200, self.subresources.change(target, change, call))
        except ApiFailure as failure:
            missing = not_found(target.kind, target.name)
            if failure.status() != missing.status() or target.subresource:
                raise
        return self._create_applied(target, change, wanted, call)

    def _create_applied(self, target: Target, change: Changer, wanted: Object, call: Call) -> Answer:
        self.rights.check(call.user, "create", target, "")
        empty = {"apiVersion": wanted["apiVersion"], "kind": wanted["kind"], "metadata": {"name": target.name}}
        return Answer(201, self.rest.create(target, change(empty | {"metadata": wanted["metadata"] | {}}), call))


def _about(target: Target, wanted: Object) -> Object:
    """Return what an application is about at its path: nobody comes to manage what is ignored."""
    if target.subresource == "status":
        return {name: wanted[name] for name in ("apiVersion", "kind", "metadata", "status") if name in wanted}
    if "status" in target.kind.subresources:
        return {name: content for name, content in wanted.items() if name != "status"}
    return wanted


def _named(target: Target, found: Object) -> Target:
    place = found["metadata"]
    return Target(target.kind, place.get("namespace", ""), place["name"], "")


def _decode(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise bad_request(f"error decoding the body: {error}") from error


def _manager(request: Request) -> str:
    agent = request.headers.get("user-agent", "").partition("/")[0]
    return request.query.get("fieldManager") or agent or "unknown"


def _deadline(request: Request) -> float:
    given = request.query.get("timeout", "")
    seconds = float(given[:-1]) if given.endswith("s") and given[:-1].replace(".", "", 1).isdecimal() else _SECONDS
    return time.monotonic() + min(seconds, _SECONDS)


def _verb(request: Request, target: Target) -> str:
    watches = request.query.get("watch") in {"true", "1"}
    verbs = {
        "GET": ("watch" if watches else "get") if target.name else ("watch" if watches else "list"),
        "POST": "create" if not target.name or target.subresource else "",
        "PUT": "update" if target.name else "",
        "PATCH": "patch" if target.name else "",
        "DELETE": "delete" if target.name else "deletecollection",
    }
    if not verbs.get(request.method):
        raise not_allowed()
    return verbs[request.method]


def _deleted(target: Target, found: Object) -> Any:
    if (
        target.kind.plural in {"pods", "namespaces", "serviceaccounts", "services"}
        or "deletionTimestamp" in found["metadata"]
    ):
        return found
    details = {
        "name": target.name,
        "group": target.kind.group,
        "kind": target.kind.plural,
        "uid": found["metadata"]["uid"],
    }
    shown = {key: content for key, content in details.items() if content}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": shown}
