"""What the tables of docs/kubernetes.md say, as data of the code: rendered from it, and tested by it."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import yaml
from prometheus_client import Counter, Gauge, Histogram

from cosignpy.cli import exit_codes
from cosignpy.cli.app import build_command
from cosignpy.cli.command_table import COMMANDS, Group
from cosignpy.errors import ClusterUnreachable, UsageError
from cosignpy.imagepolicy.conduct import POLICY_CONTROLLER, Conduct
from cosignpy.imagepolicy.decision import NoMatch, Outcome
from cosignpy.serving.quantities import Duration
from cosignpy.values import fields_of
from cosignpy.webhook import metrics
from cosignpy.webhook.answer import Finding
from cosignpy.webhook.decide import code_of
from cosignpy.webhook.live_settings import Enforcement, LiveSettings, PinDigests, Unreadable
from cosignpy.webhook.messages import ADVICE
from cosignpy.webhook.settings_map import KEYS, VERDICTS
from cosignpy.webhook.verdicts import Cause, ImageVerdict
from tests.support.deployment import CHART
from tests.support.policy_page import Table

_TIME: Final = "a time: `10s`, `5m`, `2h`, 30 days at the most"
_FLAG: Final = "`true`, `false`"
_ACCOUNTS: Final = "`namespace:name`, one a line or with commas between"
SETTINGS: Final[Mapping[str, tuple[str, str]]] = {
    "no-match-policy": ("", "what becomes of images that no policy is about; what cannot be understood is `deny`"),
    "fail-on-empty-authorities": (
        _FLAG,
        "whether a policy without authorities is a mistake; else it refuses all images",
    ),
    "enable-oci11": (_FLAG, "taken, and changes nothing: referrers are always looked at"),
    "bundles-with-keys": (_FLAG, "whether bundles count for authorities with keys"),
    "verdicts": ("", "by whose rules ClusterImagePolicies are read: [below](#what-differs-from-the-policy-controller)"),
    "unreadable-policies": ("", "what becomes of images of a policy that never could be read"),
    "enforcement": ("", "what a refusal means in namespaces without the label `policy.cosignpy.dev/enforcement`"),
    "pin-digests": ("", "of what objects tags become digests"),
    "namespaced-policies-cover": (_FLAG, "whether ImagePolicies of a namespace are enough for an image"),
    "verdict-lifetime": (_TIME, "how long a verdict counts that lets an image pass"),
    "refusal-lifetime": (_TIME, "how long one that refuses it"),
    "grace-period": (_TIME, "how long after that a verdict counts while the registry cannot be reached"),
    "allowed-registries": (
        "`host[:port][/path]`, one a line or with commas between",
        "which registries are asked at all; without the key all are",
    ),
    "pod-specs": (
        "a line such as `argoproj.io/Rollout: spec.template.spec`; `[]` after a step leads into a list",
        "where objects of other types have their pods",
    ),
    "exempt-controllers": (_ACCOUNTS, "service accounts whose pods need no second look where their owner had it"),
    "break-glass": (_FLAG, "whether signed exceptions count"),
}
"""Keys of the ConfigMap: what may be said where the code does not list it, and what it means."""

_CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "no-match-policy": list(NoMatch),
    "verdicts": VERDICTS,
    "unreadable-policies": list(Unreadable),
    "enforcement": list(Enforcement),
    "pin-digests": list(PinDigests),
}

CAUSES: Final[Mapping[Cause, str]] = {
    Cause.POLICY: "a policy is about it, and nobody who may vouch for it does",
    Cause.UNCOVERED: "no policy is about it, and `no-match-policy` is `deny`",
    Cause.NOT_FOUND: "its registry has no such image",
    Cause.CREDENTIALS: "its registry wants other credentials, or a Secret cannot be read",
    Cause.IMAGE_NAME: "its name is none, or a tag was left that had to become a digest",
    Cause.TRUST: "whom to believe is not known, or no longer valid",
    Cause.CONFIGURATION: "a policy cannot be used as it is",
    Cause.UNREACHABLE: "its registry does not answer, or may not be spoken to",
    Cause.TIMEOUT: "there was no answer in the time that the API server waits",
    Cause.OVERLOADED: "too many others wait",
}
"""Why an image is refused, as people would say it."""

CONDUCT: Final[Mapping[str, tuple[str, str]]] = {
    "either_form": (
        "only the form counts that `signatureFormat` names, and signatures of images in bundles for nobody",
        "legacy signatures and bundles count for every authority",
    ),
    "bundles_with_keys": ("a key with `signatureFormat: bundle` is a mistake", "what a key signed in a bundle counts"),
    "all_hashes": (
        "of a key only signatures with the hash of `hashAlgorithm` count: Ed25519 never, P-384 where it is named",
        "signatures with every hash that goes with the key count",
    ),
    "older_types": ("the name of a predicate type stands for one URI", "it stands for older URIs of it too"),
    "own_authorities": ("certificates of `ca-cert` count for nobody", "they count"),
    "rego_1": ("Rego of version 1 needs `import rego.v1`", "it is read as it is"),
    "absent_refused": (
        "without its TrustRoot an authority fails, and a text that is not there is empty, which in CUE holds",
        "what is not at hand is a mistake, and all images are refused",
    ),
}
"""Switches of `Conduct`: what off means, and on."""

_PLACEHOLDER: Final = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
_RUNBOOK: Final = "operations/webhook.md"


def _settings() -> list[tuple[str, ...]]:
    return [(f"`{key}`", _values(key), _default(key), SETTINGS[key][1]) for key in KEYS]


def _values(key: str) -> str:
    return ", ".join(f"`{each}`" for each in _CHOICES[key]) if key in _CHOICES else SETTINGS[key][0]


def _default(key: str) -> str:
    found = getattr(LiveSettings(), key.replace("-", "_"))
    if isinstance(found, tuple):
        return "" if not found else str(found)
    if isinstance(found, bool):
        return f"`{str(found).lower()}`"
    return f"`{Duration(found.total_seconds())}`" if isinstance(found, timedelta) else f"`{found}`"


def _flags() -> Sequence[tuple[str, ...]]:
    group = COMMANDS["webhook"]
    assert isinstance(group, Group)
    command = build_command("serve", group.commands["serve"])
    found = []
    for option in command.params:
        if option.name == "help":
            continue
        default = option.default if option.default not in (None, "", False, (), []) else ""
        names = ", ".join(f"`{each}`" for each in option.opts)
        text = "accepted; changes are watched" if getattr(option, "hidden", False) else str(getattr(option, "help", ""))
        found.append((names, f"`{default}`" if default != "" else "", text.replace("|", "\\|").rstrip(".")))
    return found


def _causes() -> list[tuple[str, ...]]:
    return [(f"`{cause}`", str(_code(cause)), CAUSES[cause], ADVICE[cause]) for cause in CAUSES]


def _code(cause: Cause) -> int:
    return code_of([Finding((), "", ImageVerdict("", "", Outcome.REFUSED, cause=cause))])


def collectors() -> list[Counter | Gauge | Histogram]:
    """Return all that the webhook counts, in the order of the code."""
    return [each for each in vars(metrics).values() if isinstance(each, Counter | Gauge | Histogram)]


def shown_name(collector: Counter | Gauge | Histogram) -> str:
    """Return what a metric is called where it is read."""
    (family,) = collector.describe()
    return f"{family.name}_total" if isinstance(collector, Counter) else family.name


def _metrics() -> list[tuple[str, ...]]:
    return [
        (f"`{shown_name(each)}`", _labels(each), next(iter(each.describe())).documentation) for each in collectors()
    ]


def _labels(collector: Counter | Gauge | Histogram) -> str:
    return ", ".join(f"`{each}`" for each in collector._labelnames)


def rules() -> Sequence[Mapping[str, object]]:
    """Return the alerts."""
    document = yaml.safe_load((CHART / "files" / "alerts.yaml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def _alerts() -> Sequence[tuple[str, ...]]:
    found = []
    for rule in rules():
        labels, notes = rule["labels"], rule["annotations"]
        assert isinstance(labels, dict)
        assert isinstance(notes, dict)
        where = f"[{notes['runbook']}]({_RUNBOOK}#{notes['runbook']})"
        found.append((f"`{rule['alert']}`", labels["severity"], _PLACEHOLDER.sub(r"_\1_", notes["summary"]), where))
    return found


def _conduct() -> Sequence[tuple[str, ...]]:
    rows = []
    for name in fields_of(Conduct):
        off, on = CONDUCT[name]
        here = LiveSettings().bundles_with_keys if name == "bundles_with_keys" else getattr(POLICY_CONTROLLER, name)
        rows.append((f"`{name}`", off, on, "as on the right" if here else "as the policy controller"))
    return rows


def _codes() -> list[tuple[str, ...]]:
    return [
        (str(exit_codes.OK), "told to stop, and all who still came were answered"),
        (str(exit_codes.FAILURE), "a part failed; the log says which, and how"),
        (
            str(exit_codes.EXIT_CODES[UsageError]),
            "flags, or files that they name, are wrong; or the extra is not installed",
        ),
        (str(exit_codes.EXIT_CODES[ClusterUnreachable]), "the API server does not answer"),
    ]


TABLES: Final[Mapping[str, Table]] = {
    "settings": Table(("key", "value", "default", "what it means"), _settings),
    "flags": Table(("flag", "default", "what it says"), _flags),
    "causes": Table(("cause", "status", "when", "what people are told to do"), _causes),
    "metrics": Table(("metric", "labels", "what it counts"), _metrics),
    "alerts": Table(("alert", "severity", "what it says", "what to do"), _alerts),
    "conduct": Table(
        ("switch", "the policy controller", "`verdicts: cosignpy`, and ImagePolicies", "by default"), _conduct
    ),
    "exit-codes": Table(("code", "when"), _codes),
}
