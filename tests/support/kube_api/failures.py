"""What an API server refuses, as `Status` objects with the real one's words."""

from http import HTTPStatus
from typing import Any

from cosignpy.values import field, record
from tests.support.kube_api.kinds import Kind

CONFLICT = "the object has been modified; please apply your changes to the latest version and try again"


@record
class ApiFailure(Exception):
    """A request that fails; `code` is the HTTP status."""

    code: int
    reason: str
    message: str
    details: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code} {self.reason}: {self.message}"

    def status(self) -> dict[str, Any]:
        """Return the `Status` object."""
        made = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": self.details,
            "code": int(self.code),
        }
        return {name: content for name, content in made.items() if content or name == "metadata"}


def describe(kind: Kind, name: str) -> dict[str, Any]:
    """Return what `details` says of an object."""
    made = {"name": name, "group": kind.group, "kind": kind.plural}
    return {key: content for key, content in made.items() if content}


def not_found(kind: Kind, name: str) -> ApiFailure:
    """There is no such object."""
    said = f'{kind.resource} "{name}" not found'
    return ApiFailure(HTTPStatus.NOT_FOUND, "NotFound", said, describe(kind, name))


def no_such_path() -> ApiFailure:
    """There is no such resource."""
    return ApiFailure(HTTPStatus.NOT_FOUND, "NotFound", "the server could not find the requested resource")


def already_exists(kind: Kind, name: str) -> ApiFailure:
    """There is one of that name."""
    said = f'{kind.resource} "{name}" already exists'
    return ApiFailure(HTTPStatus.CONFLICT, "AlreadyExists", said, describe(kind, name))


def conflict(kind: Kind, name: str, why: str = CONFLICT) -> ApiFailure:
    """Somebody else changed it."""
    said = f'Operation cannot be fulfilled on {kind.resource} "{name}": {why}'
    return ApiFailure(HTTPStatus.CONFLICT, "Conflict", said, describe(kind, name))


def expired(said: str) -> ApiFailure:
    """What is asked about is forgotten already."""
    return ApiFailure(HTTPStatus.GONE, "Expired", said)


def bad_request(said: str) -> ApiFailure:
    """It makes no sense."""
    return ApiFailure(HTTPStatus.BAD_REQUEST, "BadRequest", said)


def forbidden(kind: Kind, name: str, why: str) -> ApiFailure:
    """It is not allowed."""
    subject = f'{kind.resource} "{name}"' if name else kind.resource
    return ApiFailure(HTTPStatus.FORBIDDEN, "Forbidden", f"{subject} is forbidden: {why}", describe(kind, name))


def unauthorized() -> ApiFailure:
    """Nobody knows who asks."""
    return ApiFailure(HTTPStatus.UNAUTHORIZED, "Unauthorized", "Unauthorized")


def not_allowed() -> ApiFailure:
    """The resource has no such verb."""
    said = "the server does not allow this method on the requested resource"
    return ApiFailure(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", said)


def unsupported_media(said: str) -> ApiFailure:
    """The body is of a type that is not read here."""
    return ApiFailure(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", said)


def internal(said: str) -> ApiFailure:
    """Something else failed."""
    details = {"causes": [{"message": said}]}
    return ApiFailure(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", f"Internal error occurred: {said}", details)


def invalid(kind: Kind, name: str, faults: list["Fault"]) -> ApiFailure:
    """An object breaks the rules of its kind."""
    texts = [str(fault) for fault in faults]
    said = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    group_kind = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    details = {"name": name, "group": kind.group, "kind": kind.kind}
    causes = [{"reason": fault.reason, "message": fault.said, "field": fault.path} for fault in faults]
    return ApiFailure(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Invalid",
        f'{group_kind} "{name}" is invalid: {said}',
        {key: content for key, content in details.items() if content} | {"causes": causes},
    )


@record
class Fault:
    """A rule that a field breaks."""

    path: str
    said: str
    reason: str = "FieldValueInvalid"

    def __str__(self) -> str:
        return f"{self.path}: {self.said}"


def invalid_value(path: str, content: object, why: str) -> Fault:
    """A field has a content that it may not have."""
    shown = f'"{content}"' if isinstance(content, str) else content
    return Fault(path, f"Invalid value: {shown}: {why}")


def required(path: str, why: str = "") -> Fault:
    """A field is missing."""
    return Fault(path, f"Required value: {why}" if why else "Required value", "FieldValueRequired")


def unsupported(path: str, content: object, known: list[str]) -> Fault:
    """A field has none of the contents that it may have."""
    listed = ", ".join(f'"{name}"' for name in known)
    return Fault(path, f'Unsupported value: "{content}": supported values: {listed}', "FieldValueNotSupported")
