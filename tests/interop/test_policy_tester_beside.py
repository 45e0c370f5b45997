"""`policy-tester` beside the real tester: policies, images and conditions that nobody recorded, made by a table.

No registry is needed: authorities are static, or no policy is about the image. Both have to say the same by their exit
codes and on stdout; what is wrong with a policy is told in the same words, but for those of Go's JSON.
"""

import copy
import itertools
import json
import os
import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cosignpy.cli.app import run
from tests.interop import peers
from tests.interop.tester_conditions import CUE_TEXTS, REGO_MODULES, RESOURCE
from tests.support.image_policies import PEM

Document = dict[str, Any]
Said = tuple[int, str, str]

SEED: Final = 1037
PAIRS: Final = 150
MUTATIONS: Final = 200
DIGEST: Final = f"sha256:{'ab' * 32}"
GLOBS: Final = (
    *("**", "*", "*/*", "***", "a/b", "a/*", "a/**", "", "/", "?", "[a]", "a[b", "a{b}", "**/b", "**b", "*.io/**"),
    *("ghcr.io/**", "ghcr.io/*", "ghcr.io/a/*", "ghcr.io/*/b", "ghcr.io/a/b*", "ghcr.io/a/b:*", "ghcr.io/a/b@*"),
    *("index.docker.io/**", "index.docker.io/library/*", "docker.io/**", "busybox", "busybox*", "library/busybox"),
    *("localhost:5000/*", "localhost:5000/**", "ghcr.*/**", "ghcr.io/A/*", "ghcr.io//a", "ghcr.io/a/b/", "**:v1"),
)
IMAGES: Final = (
    *("busybox", "busybox:1", "library/busybox", "a", "a/b", "a/b:v1", f"a/b@{DIGEST}", "docker.io/busybox"),
    *("ghcr.io/a/b", "ghcr.io/a/b:v1", f"ghcr.io/a/b:v1@{DIGEST}", f"ghcr.io/a/b@{DIGEST}", "ghcr.io/a/b/c"),
    *("index.docker.io/library/busybox", "registry-1.docker.io/a/b", "localhost:5000/a", "localhost:5000/a/b:v1"),
    *("localhost/a", "127.0.0.1/a", "GHCR.io/a/b", "ghcr.io:443/a/b", "ghcr.io/A/b", "ghcr.io/a/b:", "ghcr.io/a_b"),
    *("ghcr.io/a/b@sha256:short", "http://ghcr.io/a", "ghcr.io/a..b/c", "ghcr.io/a__b/c:x_y.z-1", "[::1]:5000/a"),
)
INSTEAD: Final[tuple[object, ...]] = (None, "", "x", 1, True, [], {}, [""], {"a": "b"}, 0, "1.5", "https://x", "true")
PASSING: Final = {"name": "a", "static": {"action": "pass"}}
UNLISTED: Final = "unlisted.example.com/app"


def by_key() -> Document:
    attested = {"name": "at", "predicateType": "https://example.com/x", "policy": {"type": "rego", "data": "package p"}}
    authority = {
        "name": "a",
        "key": {"data": PEM, "hashAlgorithm": "sha256"},
        "ctlog": {"url": "https://rekor.example.com"},
        "source": [{"oci": "ghcr.io/x/y", "tagPrefix": "t", "signaturePullSecrets": [{"name": "s"}]}],
        "attestations": [attested],
        "rfc3161timestamp": {"trustRootRef": "t"},
    }
    selector = {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]}
    return {
        "images": [{"glob": "ghcr.io/a/**"}],
        "mode": "enforce",
        "match": [{"group": "apps", "version": "v1", "resource": "deployments", "selector": selector}],
        "policy": {"type": "cue", "data": "x: 1", "includeSpec": True, "fetchConfigFile": True},
        "authorities": [authority],
    }


def by_identity() -> Document:
    keyless = {
        "url": "https://fulcio.example.com",
        "identities": [{"issuer": "https://i", "subjectRegExp": ".*"}],
        "insecureIgnoreSCT": True,
    }
    kms = "awskms:///arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    authorities = [
        {"name": "a", "keyless": keyless, "ctlog": {"url": "https://r.example.com"}, "signatureFormat": "bundle"},
        {"name": "b", "key": {"kms": kms}},
        {"name": "c", "key": {"secretRef": {"name": "s", "namespace": "cosign-system"}}},
        {"name": "d", "static": {"action": "fail", "message": "m"}},
    ]
    return {"images": [{"glob": "ghcr.io/a/**"}], "authorities": authorities}


def policy(spec: Document) -> Document:
    head = {"apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy", "metadata": {"name": "p"}}
    return {**head, "spec": spec}


def mutations() -> list[tuple[str, Document]]:
    """Return valid policies with one thing in them that is gone, new, or something else."""
    made = []
    for whole in (policy(by_key()), policy(by_identity())):
        for path in list(paths(whole)):
            made.append((f"{path} is gone", changed(whole, path, delete=True)))
            made += [(f"{path} is {value!r}", changed(whole, path, value)) for value in INSTEAD]
            made.append((f"{path} has more", changed(whole, (*path, "zebra"), 1)))
    chosen: list[tuple[str, Document]] = random.Random(SEED).sample([each for each in made if each[1]], MUTATIONS)
    return chosen


def paths(document: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(document, dict):
        steps = iter(document.items())
    elif isinstance(document, list):
        steps = iter(enumerate(document))
    for step, inner in steps:
        yield (*path, step)
        yield from paths(inner, (*path, step))


def changed(document: Document, path: tuple[Any, ...], value: object = None, *, delete: bool = False) -> Document:
    """Return a document with one change; nothing where it cannot be made."""
    whole = copy.deepcopy(document)
    place: Any = whole
    for step in path[:-1]:
        place = place[step]
    if not isinstance(place, dict | list) or (isinstance(place, list) and not isinstance(path[-1], int)):
        return {}
    if delete:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return whole


class BothTesters:
    """Both, in a folder of their own."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._theirs = str(peers.path("policy-tester"))

    def ask(self, document: Document, image: str, *flags: str) -> tuple[Said, Said]:
        """Return what the real tester says, and ours."""
        Path("policy.yaml").write_text(yaml.safe_dump(document))
        arguments = ("-log-level", "error", "-policy", "policy.yaml", "-image", image, *flags)
        found = subprocess.run([self._theirs, *arguments], check=False, capture_output=True, text=True)
        code = run(["policy-tester", *arguments])
        ours = self._capsys.readouterr()
        theirs = re.sub(r"^[0-9/]{10} [0-9:]{8} ", "", found.stderr, flags=re.MULTILINE)
        return (found.returncode, found.stdout.strip(), theirs.strip()), (code, ours.out.strip(), ours.err.strip())


@pytest.fixture
def testers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> BothTesters:
    made = BothTesters(capsys)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([str(peers.path("cue").parent), os.environ["PATH"]]))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SYSTEM_NAMESPACE", "cosign-system")
    Path("resource.yaml").write_text(yaml.safe_dump(RESOURCE))
    return made


def test_globs_cover_the_same_images(testers: BothTesters) -> None:
    pairs = random.Random(SEED).sample(list(itertools.product(GLOBS, IMAGES)), PAIRS)
    asked = {
        pair: testers.ask(policy({"images": [{"glob": pair[0]}], "authorities": [PASSING]}), pair[1]) for pair in pairs
    }
    assert {pair: said for pair, said in asked.items() if said[0] != said[1]} == {}


def test_the_same_policies_are_valid(testers: BothTesters) -> None:
    asked = {name: testers.ask(document, UNLISTED) for name, document in mutations()}
    assert {name: said for name, said in asked.items() if said[0][:2] != said[1][:2]} == {}
    other = {name: said for name, said in asked.items() if said[0] != said[1]}
    assert {name: said for name, said in other.items() if not is_of_gos_json(said[0][2])} == {}


def is_of_gos_json(text: str) -> bool:
    """Tell whether a message names types of Go, or shows what it read."""
    return "Go struct field" in text or "Object 'Kind' is missing in" in text or "cannot unmarshal" in text


@pytest.mark.parametrize(("language", "texts"), [("rego", REGO_MODULES), ("cue", CUE_TEXTS)], ids=["rego", "cue"])
def test_conditions_hold_for_the_same_resources(testers: BothTesters, language: str, texts: tuple[str, ...]) -> None:
    included = dict.fromkeys(("includeSpec", "includeObjectMeta", "includeTypeMeta"), True)
    others = {}
    for text in texts:
        condition = {"type": language, "data": text, **included}
        spec = {"images": [{"glob": "**"}], "authorities": [PASSING], "policy": condition}
        theirs, ours = testers.ask(policy(spec), "ghcr.io/a/b", "-resource", "resource.yaml")
        if (theirs[0], counts(theirs[1])) != (ours[0], counts(ours[1])):
            others[text] = (theirs, ours)
    assert others == {}


def counts(stdout: str) -> dict[str, int]:
    """Return how many errors and warnings were told; their texts are those of OPA and CUE."""
    return {name: len(told) for name, told in json.loads(stdout or "{}").items()}
