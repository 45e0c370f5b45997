"""The chart: every value has a comment, a use and a type, and monitoring names metrics that there are."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml
from jsonschema_rs import Draft7Validator
from prometheus_client import Counter, Gauge, Histogram, Metric

from cosignpy.version import VERSION
from cosignpy.webhook import metrics
from tests.support.deployment import CHART, values

TEMPLATES: Final = "".join(each.read_text() for each in sorted((CHART / "templates").iterdir()))
SCHEMA: Final[dict[str, Any]] = json.loads((CHART / "values.schema.json").read_text())
LINES: Final = (CHART / "values.yaml").read_text().splitlines()
ALERTS: Final = (CHART / "files" / "alerts.yaml").read_text()
DASHBOARD: Final[dict[str, Any]] = json.loads((CHART / "files" / "dashboard.json").read_text())
WHOLE: Final = frozenset({"resources", "registry.caBundle", "settings", "certificates.issuerRef"})
"""Values whose members are not ours, or are used together."""


def leaves(found: Any, path: str = "") -> Iterator[str]:
    if isinstance(found, dict) and found and path not in WHOLE:
        for name, each in found.items():
            yield from leaves(each, f"{path}.{name}".lstrip("."))
    else:
        yield path


LEAVES: Final = tuple(leaves(values()))


def line_of(path: str) -> int:
    """Return the number of the line of a value."""
    at, depth = -1, -1
    for depth, name in enumerate(path.split(".")):
        at = next(n for n in range(at + 1, len(LINES)) if LINES[n].startswith(f"{'  ' * depth}{name}:"))
    return at


@pytest.mark.parametrize("path", LEAVES)
def test_every_value_is_documented(path: str) -> None:
    """By a comment above it, or above what it is a part of where that has only one member or is one thing."""
    above = LINES[line_of(path) - 1].strip()
    parent = path.rpartition(".")[0]
    assert above.startswith("#") or (parent and list(values()[parent.split(".")[0]]) == [path.rpartition(".")[2]])


@pytest.mark.parametrize("path", LEAVES)
def test_every_value_is_used(path: str) -> None:
    parent, _, name = path.rpartition(".")
    within = re.search(rf"with \.Values\.{re.escape(parent)} }}}}.*?\.{re.escape(name)}\b", TEMPLATES, re.DOTALL)
    assert f".Values.{path}" in TEMPLATES or (parent and within)


def test_every_value_that_is_used_is_there() -> None:
    used = set(re.findall(r"\.Values((?:\.[A-Za-z]+)+)", TEMPLATES))
    assert used
    for path in used:
        found: Any = values()
        for name in path.strip(".").split("."):
            assert name in found, path
            found = found[name]


def test_every_value_has_a_type() -> None:
    assert list(Draft7Validator(SCHEMA).iter_errors(values())) == []

    def check(schema: dict[str, Any], found: dict[str, Any], path: str) -> None:
        assert schema.get("additionalProperties") is False, path
        assert set(found) <= set(schema["properties"]), path
        for name, each in found.items():
            inner = schema["properties"][name]
            if isinstance(each, dict) and "properties" in inner and name != "settings":
                check(inner, each, f"{path}.{name}")

    check(SCHEMA, values(), "")


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("replicas", 0),
        ("image.digest", "latest"),
        ("webhook.failurePolicy", "Open"),
        ("webhook.validatingTimeoutSeconds", 31),
        ("namespaces.mode", "all"),
        ("namespaces.exclude", ["kube-system"]),
        ("certificates.mode", "none"),
        ("podSpecs", [{"group": "argoproj.io"}]),
        ("settings", {"no-match-policy": "pass"}),
    ],
)
def test_mistakes_are_refused(path: str, wrong: Any) -> None:
    *parents, last = path.split(".")
    document = values()
    found: Any = document
    for name in parents:
        found = found[name]
    found[last] = wrong
    assert not Draft7Validator(SCHEMA).is_valid(document)


def test_versions_are_ours() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (VERSION, VERSION)


def our_metrics() -> dict[str, frozenset[str]]:
    """Return the names that samples have, and their labels."""
    found = dict[str, frozenset[str]]()
    for each in vars(metrics).values():
        if isinstance(each, Counter | Gauge | Histogram):
            (family,) = each.describe()
            labels = frozenset(getattr(each, "_labelnames", ()))
            for suffix in _suffixes(family):
                found[family.name + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
    return found


def _suffixes(family: Metric) -> tuple[str, ...]:
    return {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}[family.type]


def expressions() -> Iterator[str]:
    for group in yaml.safe_load(ALERTS)["groups"]:
        yield from [rule["expr"] for rule in group["rules"]]
    yield from [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


@pytest.mark.parametrize("expression", tuple(expressions()))
def test_monitoring_asks_for_metrics_that_there_are(expression: str) -> None:
    known = our_metrics()
    found = re.findall(r"\b(cosignpy_\w+)(?:\{([^}]*)\})?", expression)
    assert found or "apiserver_admission_webhook_" in expression
    for name, selected in found:
        assert name in known
        assert set(re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\s*\"", selected)) <= known[name]
        for group in re.findall(r"by \(([^)]*)\)", expression):
            assert set(re.split(r",\s*", group)) <= known[name]


def test_our_metrics_are_watched() -> None:
    """Each stands in an alert or on the dashboard."""
    asked = " ".join(expressions())
    assert [name for name in our_metrics() if not name.endswith(("_sum", "_count")) and name not in asked] == []


def test_alerts_say_what_to_do() -> None:
    (group,) = yaml.safe_load(ALERTS)["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert len(set(names)) == len(names)
    assert all(rule["annotations"].keys() == {"summary", "runbook"} for rule in group["rules"])
    assert {rule["labels"]["severity"] for rule in group["rules"]} == {"critical", "warning", "info"}


def test_panels_do_not_lie_on_each_other() -> None:
    taken = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in DASHBOARD["panels"]]
    assert len(set(taken)) == len(taken) == len({p["id"] for p in DASHBOARD["panels"]})
