"""The ConfigMap with what can be changed while the webhook runs, read key by key.

A key that is not known is a warning. A value that cannot be used leaves what was in force: a mistake at night must not
refuse what ran by day, nor admit what was refused.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from cosignpy.errors import MalformedError
from cosignpy.imagepolicy.decision import NoMatch
from cosignpy.registry.registry_patterns import RegistryPattern
from cosignpy.serving.quantities import Duration
from cosignpy.values import replace
from cosignpy.webhook.live_settings import Enforcement, LiveSettings, PinDigests, PodSpecPath, Unreadable

MAX_ITEMS: Final = 1000
"""Of a list; a ConfigMap has a mebibyte at the most."""
MAX_STEPS: Final = 16
"""Of a path."""
EXAMPLE: Final = "_example"
"""A key that the policy controller's ConfigMaps have, with a text for people."""
VERDICTS: Final = ("policy-controller", "cosignpy")

Choice = TypeVar("Choice", bound=StrEnum)

_FLAGS: Final = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}
"""As Go reads them."""
_NAME: Final = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
_KIND: Final = re.compile(rf"(?:(?P<group>{_NAME})/)?(?P<kind>[A-Z][A-Za-z0-9]{{0,62}})")
_STEP: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
_ACCOUNT: Final = re.compile(rf"{_NAME}:{_NAME}")
_LONGEST: Final = timedelta(days=30)


def read_settings(data: Mapping[str, str], before: LiveSettings) -> LiveSettings:
    """Read the ConfigMap's data; `problems` says what is wrong with it.

    What has no key is the default, what has a value that cannot be used is as it was before. Only for images without a
    policy what cannot be understood is `deny`, as the policy controller has it.
    """
    found: dict[str, Any] = {}
    problems = list[str]()
    for key, text in data.items():
        read = _READERS.get(key)
        if read is None:
            if key != EXAMPLE:
                problems.append(f"{key} is no setting; known are {', '.join(_READERS)}")
            continue
        name = key.replace("-", "_")
        try:
            found[name] = read(text.strip())
        except MalformedError as error:
            found[name] = NoMatch.DENY if name == "no_match_policy" else getattr(before, name)
            problems.append(f"{key}: {error.why}; in force is {_show(found[name])}")
    return replace(LiveSettings(), **found, problems=tuple(problems))


def _show(content: object) -> str:
    if isinstance(content, timedelta):
        return str(Duration(content.total_seconds()))
    if isinstance(content, bool):
        return str(content).lower()
    return f"{len(content)} of them" if isinstance(content, tuple) else str(content)


def _choice(kind: type[Choice]) -> Callable[[str], Choice]:
    known = {each.value: each for each in kind}

    def read(text: str) -> Choice:
        if text not in known:
            raise _unusable(text, f"one of {', '.join(known)}")
        return known[text]

    return read


def _flag(text: str) -> bool:
    if text not in _FLAGS:
        raise _unusable(text, "true or false")
    return _FLAGS[text]


def _verdicts(text: str) -> str:
    if text not in VERDICTS:
        raise _unusable(text, f"one of {', '.join(VERDICTS)}")
    return text


def _time(text: str) -> timedelta:
    found = timedelta() if text == "0" else timedelta(seconds=Duration.parse(text))
    if found > _LONGEST:
        raise _unusable(text, f"at most {_LONGEST.days}d")
    return found


def _items(text: str) -> list[str]:
    """Split a list, one item a line, or with commas or blanks between; what follows a `#` is for people."""
    found = [each for line in text.splitlines() for each in line.partition("#")[0].replace(",", " ").split()]
    if len(found) > MAX_ITEMS:
        raise MalformedError("settings", f"more than {MAX_ITEMS} items")
    return list(dict.fromkeys(found))


def _registries(text: str) -> tuple[str, ...]:
    found = _items(text)
    for each in found:
        if RegistryPattern.parse(each) is None:
            raise _unusable(each, "host[:port][/path]")
    return tuple(found)


def _accounts(text: str) -> tuple[str, ...]:
    found = _items(text)
    for each in found:
        if not _ACCOUNT.fullmatch(each):
            raise _unusable(each, "namespace:name of a service account")
    return tuple(found)


def _pod_specs(text: str) -> tuple[PodSpecPath, ...]:
    """Read a line for each: `argoproj.io/Rollout: spec.template.spec`; `[]` after a step leads into each of a list."""
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    found = list(dict.fromkeys(line for line in lines if line))
    if len(found) > MAX_ITEMS:
        raise MalformedError("settings", f"more than {MAX_ITEMS} lines")
    return tuple([_pod_spec(each) for each in found])


def _pod_spec(line: str) -> PodSpecPath:
    named, colon, path = line.partition(":")
    kind = _KIND.fullmatch(named.strip())
    steps = path.strip().replace("[]", ".*").split(".")
    plain = [step for step in steps if step != "*"]
    good = steps[0] != "*" and len(steps) <= MAX_STEPS and all(_STEP.fullmatch(step) for step in plain)
    if kind is None or not colon or not good:
        raise _unusable(line, "a line such as argoproj.io/Rollout: spec.template.spec")
    return PodSpecPath(kind["group"] or "", kind["kind"], tuple(steps))


def _unusable(text: str, wanted: str) -> MalformedError:
    return MalformedError("settings", f"{text[:100]!r} is not {wanted}")


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "no-match-policy": _choice(NoMatch),
    "fail-on-empty-authorities": _flag,
    "enable-oci11": _flag,
    "bundles-with-keys": _flag,
    "verdicts": _verdicts,
    "unreadable-policies": _choice(Unreadable),
    "enforcement": _choice(Enforcement),
    "pin-digests": _choice(PinDigests),
    "namespaced-policies-cover": _flag,
    "verdict-lifetime": _time,
    "refusal-lifetime": _time,
    "grace-period": _time,
    "allowed-registries": _registries,
    "pod-specs": _pod_specs,
    "exempt-controllers": _accounts,
    "break-glass": _flag,
}
"""By their keys; a field of the settings for each."""
KEYS: Final = tuple(_READERS)
"""All of them."""
