"""What a verification demanded, as JSON: evidence that says what was shown has to say what was asked for too."""

from collections.abc import Sequence

from cosignpy.core.encoding import JsonValue
from cosignpy.core.policy.bundle import BundlePolicy, SignedByKey
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.policy.predicate import AnyPredicateUnsafe, PredicateTypeIs
from cosignpy.core.policy.transparency import AssumeTimeUnsafe, RequireLog, RequireSct, RequireSignedTime


def policy_to_json(policy: BundlePolicy) -> dict[str, JsonValue]:
    """Return what was demanded of a bundle; what was waived is 0 or null, and the steps say why."""
    rule = policy.transparency
    return {
        **_signers(policy),
        "logEntries": rule.threshold if isinstance(rule, RequireLog) else 0,
        **_predicate(policy.predicate),
        "denied": [str(entry) for entry in (*policy.deny.keys, *policy.deny.certificates, *policy.deny.identities)],
    }


def _predicate(rule: PredicateTypeIs | AnyPredicateUnsafe) -> dict[str, JsonValue]:
    if isinstance(rule, AnyPredicateUnsafe):
        return {"predicateType": None}
    asked = rule.provenance
    wanted: dict[str, JsonValue] = {"predicateType": rule.wanted}
    if asked is not None:
        fields = {"builderId": asked.builder, "sourceUri": asked.source, "sourceTag": asked.tag}
        fields |= {"sourceDigest": asked.commit, "buildType": asked.build_type}
        wanted["provenance"] = {name: text for name, text in fields.items() if text}
    return wanted


def image_policy_to_json(policy: ImagePolicy) -> dict[str, JsonValue]:
    """Return what was demanded of an image."""
    return {
        **policy_to_json(policy.bundle),
        "threshold": policy.threshold,
        "annotations": dict(policy.annotations),
    }


def conditions_to_json(files: Sequence[JsonValue]) -> dict[str, JsonValue]:
    """Return the files with what statements had to satisfy, where there were some."""
    return {"conditions": list(files)} if files else {}


def _signers(policy: BundlePolicy) -> dict[str, JsonValue]:
    if isinstance(policy.signer, SignedByKey):
        return {"keys": [key.fingerprint for key in policy.signer.keys]}
    time, sct = policy.signer.time, policy.signer.sct
    return {
        "identities": [str(rule) for rule in policy.signer.rules],
        "times": 0 if isinstance(time, AssumeTimeUnsafe) else time.threshold,
        "timesBy": "timestamp authorities" if isinstance(time, RequireSignedTime) else "timestamp authorities and logs",
        "scts": sct.threshold if isinstance(sct, RequireSct) else 0,
    }
