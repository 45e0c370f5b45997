"""What the status of a policy or a trust root says: the policy controller's conditions, and some of our own.

`Ready`, `KeysInlined`, `PoliciesInlined` and `ConfigMapUpdated` have its reasons and messages, though there is no
ConfigMap: the last one says that the newest version is in force. Of ours are

- `cosignpy.dev/InForce`: which version is (`Current`, `LastGood`), or that images are refused (`Refusing`),
- `cosignpy.dev/TrustRootsFound`: whether all trust roots that a policy names are there,
- `cosignpy.dev/Fresh`: whether what a TUF repository says has not expired, and could be asked for again.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from cosignpy.values import value
from cosignpy.webhook.policies.faults import Fault, Stage
from cosignpy.webhook.policies.roots import SettledRoot
from cosignpy.webhook.policies.settling import SettledPolicy

IN_FORCE: Final = "cosignpy.dev/InForce"
TRUST_ROOTS_FOUND: Final = "cosignpy.dev/TrustRootsFound"
FRESH: Final = "cosignpy.dev/Fresh"

_READY: Final = "Ready"
_KEYS: Final = "KeysInlined"
_TEXTS: Final = "PoliciesInlined"
_UPDATED: Final = "ConfigMapUpdated"
_REASONS: Final = {_KEYS: "InliningKeysFailed", _TEXTS: "InliningPoliciesFailed"}
_STAGES: Final = {_KEYS: Stage.KEYS, _TEXTS: Stage.TEXTS}
_INVALID: Final = "Invalid"


class Truth(StrEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


@value
class Condition:
    """One thing that a status says."""

    type: str
    status: Truth
    reason: str = ""
    message: str = ""


def conditions_of_policy(settled: SettledPolicy) -> tuple[Condition, ...]:
    """Return what is said of a policy."""
    found = _controllers(settled.faults, (_KEYS, _TEXTS))
    compiled = settled.compiled
    if compiled.problem:
        found += (Condition(IN_FORCE, Truth.FALSE, "Refusing", "all images that it is about are refused"),)
    elif settled.faults:
        what = f"generation {compiled.generation} is in force until the newest has no faults"
        found += (Condition(IN_FORCE, Truth.TRUE, "LastGood", what),)
    else:
        found += (Condition(IN_FORCE, Truth.TRUE, "Current"),)
    if settled.reading.names.trust_roots:
        missing = [f"trustRootRef {name} not found" for name in settled.absent_roots]
        reason = "TrustRootMissing" if missing else ""
        found += (Condition(TRUST_ROOTS_FOUND, Truth(str(not missing)), reason, ", ".join(missing)),)
    return found


def conditions_of_root(settled: SettledRoot) -> tuple[Condition, ...]:
    """Return what is said of a trust root."""
    found = _controllers(settled.faults, (_KEYS,))
    if settled.expires is None:
        return found
    until = f"{settled.expires.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if settled.is_expired:
        what = f"expired {until}, and is used until there is newer: {settled.problem}"
        return *found, Condition(FRESH, Truth.FALSE, "Expired", what)
    if settled.problem:
        return *found, Condition(FRESH, Truth.FALSE, "RefreshFailed", f"valid until {until}: {settled.problem}")
    return *found, Condition(FRESH, Truth.TRUE, "Current", f"valid until {until}")


def merge_status(before: object, conditions: Sequence[Condition], generation: int, now: datetime) -> dict[str, Any]:
    """Return a status: times are those of the last change of each condition, and conditions of others stay."""
    former = before if isinstance(before, Mapping) else {}
    listed = former.get("conditions")
    known = {each.get("type"): each for each in (listed if isinstance(listed, list) else []) if isinstance(each, dict)}
    made = known | {each.type: _encode(each, known.get(each.type, {}), now) for each in conditions}
    return {**former, "observedGeneration": generation, "conditions": [made[name] for name in sorted(made)]}


def _controllers(faults: Sequence[Fault], stages: Sequence[str]) -> tuple[Condition, ...]:
    """Return the conditions of the policy controller: after the first that does not hold nobody knows of the others."""
    invalid = _said(faults, Stage.READING)
    failed = Condition(_READY, Truth.FALSE, _INVALID, invalid) if invalid else None
    found = list[Condition]()
    for name in stages:
        said = _said(faults, _STAGES[name])
        if failed is None and said:
            failed = Condition(_READY, Truth.FALSE, _REASONS[name], said)
            found.append(Condition(name, Truth.FALSE, _REASONS[name], said))
        else:
            found.append(Condition(name, Truth.TRUE if failed is None else Truth.UNKNOWN))
    found.append(Condition(_UPDATED, Truth.TRUE if failed is None else Truth.UNKNOWN))
    return *found, failed or Condition(_READY, Truth.TRUE)


def _said(faults: Sequence[Fault], stage: Stage) -> str:
    return "; ".join([each.message for each in faults if each.stage is stage])


def _encode(condition: Condition, before: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    status = condition.status.value
    found = {"type": condition.type, "status": status}
    if condition.reason:
        found["reason"] = condition.reason
    if condition.message:
        found["message"] = condition.message
    kept = before.get("lastTransitionTime") if before.get("status") == status else None
    return found | {"lastTransitionTime": kept or f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
