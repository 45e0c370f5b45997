"""Whether the services answer, and as the services they are configured as."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, Protocol

from cosignpy.core.encoding import JsonObject
from cosignpy.errors import MalformedError
from cosignpy.operations.doctor.facts import Asked, Facts, NoReply, Obstacle, Reply, ServiceAddress, ServiceRole
from cosignpy.operations.doctor.findings import Check, Finding, State, ok, problem, warning
from cosignpy.operations.parallel import run_parallel
from cosignpy.values import value

ANSWERS: Final = ok("service-answers")
NOT_ASKED: Final = ok("services-not-asked")
NONE_NAMED: Final = ok("services-none")
WITHOUT_TLS: Final = warning(
    "service-without-tls", "name an https:// address: whoever is on the way can read your identity token, and use it"
)
MIRROR_AWAY: Final = warning(
    "mirror-away", "what is cached is used as long as it is valid: see trust metadata for how long that is"
)
FAILS: Final = problem("service-fails", "it is there and does not work: try again later, then ask whoever runs it")
DENIES: Final = problem(
    "service-denies", "somebody on the way, or the service itself, wants a login: a proxy, a portal"
)
OTHER: Final = problem(
    "service-unexpected", "check the address and its path: what answers there is not a service of this kind"
)
_OBSTACLES: Final = MappingProxyType(
    {
        Obstacle.ADDRESS: problem("service-address", "write the address as https://host[:port][/path], without a user"),
        Obstacle.NAME: problem(
            "service-name-unknown", "check the name; if only a proxy can resolve it, set HTTPS_PROXY"
        ),
        Obstacle.REFUSED: problem("service-refused", "start the service, or check the port of its address"),
        Obstacle.TIMEOUT: problem(
            "service-timeout", "look for a firewall on the way; if only a proxy gets through, set HTTPS_PROXY"
        ),
        Obstacle.CERTIFICATE: problem(
            "service-certificate",
            "if the service, or a proxy that reads TLS, has an authority of its own: name its certificates in "
            "SSL_CERT_FILE, with the system's",
        ),
        Obstacle.PROTOCOL: problem("service-protocol", "change http:// and https:// in its address"),
        Obstacle.TLS: problem("service-tls", "look at the TLS settings of the service: TLS 1.2 or later is spoken"),
        Obstacle.PROXY: problem(
            "service-proxy", "look at HTTPS_PROXY, HTTP_PROXY and ALL_PROXY; NO_PROXY names hosts that need none"
        ),
        Obstacle.OTHER: problem("service-unreachable", "something answers there that is not HTTP, or breaks off"),
    }
)

_DENIED: Final = frozenset({401, 403, 407, 511})
_TRUSTED_WITH_SECRETS: Final = frozenset({ServiceRole.AUTHORITY, ServiceRole.ISSUER})


class Prober(Protocol):
    """Whatever asks a service, patiently for seconds and no longer."""

    def ask(self, service: ServiceAddress, url: str) -> Asked:
        """Send a GET for a URL of a service; what goes wrong is part of what is returned."""
        ...


@value
class _Question:
    """What a service is asked: a path below its address, the statuses it may answer with, and a look at the body."""

    path: str
    statuses: frozenset[int]
    recognise: Callable[[ServiceAddress, Reply], bool]


def _has_member(name: str) -> Callable[[ServiceAddress, Reply], bool]:
    return lambda _, reply: name in JsonObject.parse(reply.body, what="answer")


def _is_issuer(service: ServiceAddress, reply: Reply) -> bool:
    return JsonObject.parse(reply.body, what="answer").optional_text("issuer") == service.url


def _is_tiled_log(_: ServiceAddress, reply: Reply) -> bool:
    if reply.status == HTTPStatus.NOT_IMPLEMENTED:
        # rekor-tiles itself takes entries only; a server of files answers in its place for the rest.
        return "code" in JsonObject.parse(reply.body, what="answer")
    # An origin, a size, a root, an empty line, and signatures, which begin with an em dash (C2SP tlog-checkpoint).
    return b"\n\n\xe2\x80\x94 " in reply.body


def _is_anything(_service: ServiceAddress, _reply: Reply) -> bool:
    return True


_FINE: Final = frozenset({200})
_QUESTIONS: Final[Mapping[ServiceRole, _Question]] = MappingProxyType(
    {
        ServiceRole.AUTHORITY: _Question("/api/v2/trustBundle", _FINE, _has_member("chains")),
        ServiceRole.LOG_V1: _Question("/api/v1/log", _FINE, _has_member("treeID")),
        ServiceRole.LOG_V2: _Question("/api/v2/checkpoint", frozenset({200, 501}), _is_tiled_log),
        # It takes nothing but POST, which it has its own ways to say.
        ServiceRole.STAMPER: _Question("", frozenset({200, 400, 405, 411, 415, 501}), _is_anything),
        ServiceRole.ISSUER: _Question("/.well-known/openid-configuration", _FINE, _is_issuer),
        ServiceRole.MIRROR: _Question("/timestamp.json", _FINE, _has_member("signed")),
    }
)


def ask_services(prober: Prober, services: Sequence[ServiceAddress]) -> tuple[Asked, ...]:
    """Ask all services at once."""

    def ask(service: ServiceAddress) -> Asked:
        path = _QUESTIONS[service.role].path
        return prober.ask(service, service.url.rstrip("/") + path if path else service.url)

    return tuple(outcome.unwrap() for outcome in run_parallel(ask, services, max(1, len(services))))


def check_services(facts: Facts) -> Iterator[Finding]:
    """Look at who answered, and how."""
    if facts.offline:
        yield NOT_ASKED("offline: no service is asked")
    elif not facts.services:
        yield NONE_NAMED("no service is configured")
    for asked in facts.services:
        found = _judge(asked)
        if found.state is State.PROBLEM and asked.service.role is ServiceRole.MIRROR and _has_root(facts):
            found = MIRROR_AWAY(found.text)
        yield found
        if found.name == ANSWERS.name and asked.service.is_exposed and asked.service.role in _TRUSTED_WITH_SECRETS:
            yield WITHOUT_TLS(f"{asked.service} is asked without TLS")


def _has_root(facts: Facts) -> bool:
    """Tell whether what a mirror said before is still good."""
    return facts.trusted_root is not None and facts.trusted_root.error is None


def _judge(asked: Asked) -> Finding:
    through = f", through the proxy {asked.proxy}" if asked.proxy else ""
    if isinstance(asked.result, NoReply):
        return _OBSTACLES[asked.result.obstacle](f"{asked.service}{through}: {asked.result.why}")
    return _judge_reply(asked.service, asked.result, through)


def _judge_reply(service: ServiceAddress, reply: Reply, through: str) -> Finding:
    question, told = _QUESTIONS[service.role], f"{service}{through} answers with {reply.status}"
    if reply.status in question.statuses:
        if _recognises(question, service, reply):
            return ANSWERS(f"{service} answers in {reply.seconds * 1000:.0f} ms{through}")
        return OTHER(f"{told}, and not as a {service.role}")
    if reply.status in _DENIED:
        return DENIES(told)
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS or reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return FAILS(told)
    return OTHER(told)


def _recognises(question: _Question, service: ServiceAddress, reply: Reply) -> bool:
    try:
        return question.recognise(service, reply)
    except MalformedError:
        return False


SERVICES: Final = Check(
    "services",
    "Services",
    (ANSWERS, NOT_ASKED, NONE_NAMED, WITHOUT_TLS, MIRROR_AWAY, FAILS, DENIES, OTHER, *_OBSTACLES.values()),
    check_services,
)
