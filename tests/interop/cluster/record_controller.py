"""Record what policy-controller does: `python -m tests.interop.cluster.record_controller [FILE]`.

Admissions of `tests.interop.cluster.admissions` are tried on a real API server that asks the real controller.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.interop.cluster.admissions import ADMISSIONS, try_admission
from tests.interop.cluster.policy_controller import INCLUDE, PolicyController
from tests.interop.cluster.record import RECORDED
from tests.interop.cluster.server import Cluster
from tests.interop.cluster.signed_site import run_signed_site

ANSWERS: Final = RECORDED / "policy_controller" / "answers.json"
_NAMESPACE: Final = "recorded"


def main() -> int:
    """Start everything, record, and stop it."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else ANSWERS
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with (
            Cluster(folder / "cluster") as cluster,
            PolicyController(cluster, folder / "controller") as controller,
            run_signed_site(folder / "site") as site,
        ):
            for policy in site.policies():
                controller.apply_policy(policy)
            cluster.make_namespace(_NAMESPACE, **INCLUDE)
            found = {
                name: try_admission(cluster.admin, site, _NAMESPACE, name).to_document() for name in sorted(ADMISSIONS)
            }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{json.dumps(found, indent=1)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
