"""sigstore-python's Rekor clients against our logs.

`RekorClient` (version 1) and `RekorV2Client` log what the package's own builders made; `_verify` of the package shows
the inclusion proof, the checkpoint and, of version 1, the signed entry timestamp.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.interop import peers
from tests.interop.log_workshop import REKOR_V1, REKOR_V2, Signatory, write_trusted_root
from tests.interop.programs import Run, Workshop
from tests.support.log_process import LogProcess, serve_logs

PROGRAM: Final = Path(__file__).with_name("python_client") / "log_calls.py"
REFUSED: Final = 3
STATEMENT: Final = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "app", "digest": {"sha256": "0" * 64}}],
    "predicateType": "https://slsa.dev/provenance/v1",
    "predicate": {
        "buildDefinition": {"buildType": "t", "externalParameters": {}},
        "runDetails": {"builder": {"id": "b"}},
    },
}
NAMES: Final = {1: REKOR_V1, 2: REKOR_V2}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogProcess]:
    with serve_logs(tmp_path_factory.mktemp("log") / "data") as running:
        yield running


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    Signatory(tmp_path, "signer")
    (tmp_path / "artifact").write_text(json.dumps(STATEMENT))
    return Workshop(tmp_path)


def call(shop: Workshop, command: str, log: LogProcess, **settings: object) -> Run:
    """Run a command of the program in the environment of sigstore-python."""
    given = {
        "url": log.url,
        "trustedRoot": str(write_trusted_root(shop.folder, log)),
        "key": "signer.pem",
        "certificate": "signer.crt",
        "artifact": "artifact",
        "dsse": False,
        "times": 1,
        **settings,
    }
    python = peers.path("sigstore-python").with_name("python")
    return shop.run_path(python, str(PROGRAM), command, json.dumps(given))


def submit(shop: Workshop, log: LogProcess, **settings: object) -> list[Any]:
    answered: list[Any] = json.loads(call(shop, "submit", log, **settings).expect_success().stdout)
    return answered


@pytest.mark.parametrize("dsse", [False, True], ids=["blob", "statement"])
@pytest.mark.parametrize("version", [1, 2])
def test_what_is_signed_is_logged_and_verified(shop: Workshop, log: LogProcess, version: int, dsse: bool) -> None:
    (before,) = log.shards(NAMES[version])
    (entry,) = submit(shop, log, version=version, dsse=dsse)
    assert (entry["index"], entry["promised"]) == (before.size, version == 1)


@pytest.mark.parametrize("version", [1, 2])
def test_an_entry_of_a_log_that_is_not_trusted_is_refused(shop: Workshop, log: LogProcess, version: int) -> None:
    root = json.loads(write_trusted_root(shop.folder, log).read_text())
    del root["tlogs"][version - 1]
    (shop.folder / "other.json").write_text(json.dumps(root))
    refused = call(shop, "submit", log, version=version, trustedRoot="other.json")
    assert refused.exit_code == 1
    assert "VerificationError" in refused.stderr


def test_an_entry_of_rekor_v1_is_read_by_its_index(shop: Workshop, log: LogProcess) -> None:
    (entry,) = submit(shop, log, version=1)
    read = json.loads(call(shop, "read", log, index=entry["index"]).expect_success().stdout)
    assert read["entry"] == entry
    assert (read["size"], read["treeId"]) == (entry["index"] + 1, log.shards(REKOR_V1)[0].tree_id)


@pytest.mark.parametrize("version", [1, 2])
def test_a_duplicate_is_an_error_to_the_client(shop: Workshop, log: LogProcess, version: int) -> None:
    refused = call(shop, "submit", log, version=version, times=2)
    assert refused.exit_code == REFUSED
    assert "an equivalent entry already exists" in refused.stderr


@pytest.mark.parametrize("version", [1, 2])
def test_a_duplicate_is_the_original_entry_where_the_operator_wants_that(
    shop: Workshop, tmp_path: Path, version: int
) -> None:
    settings = "rekor_v1:\n  duplicates: original\nrekor_v2:\n  duplicates: original\n"
    with serve_logs(tmp_path / "private", settings) as log:
        first, again = submit(shop, log, version=version, times=2)
    assert first == again
