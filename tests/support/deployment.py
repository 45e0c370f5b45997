"""What is in deploy/: the chart, and the manifests that were rendered from it."""

from pathlib import Path
from typing import Any, Final

import yaml

DEPLOY: Final = Path(__file__).resolve().parents[2] / "deploy"
CHART: Final = DEPLOY / "helm" / "cosignpy-webhook"
PLAIN: Final = DEPLOY / "kubernetes" / "webhook.yaml"
RENDER: Final = DEPLOY / "kubernetes" / "render.sh"
CRDS: Final = DEPLOY / "crds"
NAMESPACE: Final = "cosign-system"


def read_all(text: str) -> list[Any]:
    """Return the objects of manifests."""
    return [each for each in yaml.safe_load_all(text) if each]


def plain() -> list[Any]:
    """Return the plain manifests."""
    return read_all(PLAIN.read_text())


def find(objects: list[Any], kind: str, name: str = "") -> Any:
    """Return the only object of a kind, or the one of a name."""
    (found,) = [each for each in objects if each["kind"] == kind and name in {"", each["metadata"]["name"]}]
    return found


def values() -> dict[str, Any]:
    """Return the defaults of the chart."""
    found: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
    return found
