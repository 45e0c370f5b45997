"""Reads trust documents with sigstore-python; runs in the environment of that package.

`trust_calls.py root FILE` reads a trusted root and everything in it, `trust_calls.py config FILE` reads a signing
config and prints the addresses that the package would ask, `trust_calls.py both FILE` reads both of them in one.
"""

import json
import sys
from pathlib import Path

from sigstore._internal.trust import KeyringPurpose
from sigstore.models import ClientTrustConfig, SigningConfig, TrustedRoot


def read_root(path: str) -> None:
    use_root(TrustedRoot.from_file(path))


def use_root(root: TrustedRoot) -> None:
    root.rekor_keyring(KeyringPurpose.VERIFY)
    root.ct_keyring(KeyringPurpose.VERIFY)
    root.get_fulcio_certs()
    root.get_timestamp_authorities()


def read_config(path: str) -> None:
    use_config(SigningConfig.from_file(path))


def use_config(config: SigningConfig) -> None:
    asked = [service.url for kind in (config._tlogs, config._tsas, config._fulcios, config._oidcs) for service in kind]
    sys.stdout.write(json.dumps(asked))


def read_both(path: str) -> None:
    both = ClientTrustConfig.from_json(Path(path).read_text())
    use_root(both.trusted_root)
    use_config(both.signing_config)


{"root": read_root, "config": read_config, "both": read_both}[sys.argv[1]](sys.argv[2])
