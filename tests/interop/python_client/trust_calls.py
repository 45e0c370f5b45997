"""Reads trust documents with sigstore-python; runs in the environment of that package.

`trust_calls.py root FILE` reads a trusted root and everything in it, `trust_calls.py config FILE` reads a signing
config and prints the addresses that the package would ask.
"""

import json
import sys

from sigstore._internal.trust import KeyringPurpose
from sigstore.models import SigningConfig, TrustedRoot


def read_root(path: str) -> None:
    root = TrustedRoot.from_file(path)
    root.rekor_keyring(KeyringPurpose.VERIFY)
    root.ct_keyring(KeyringPurpose.VERIFY)
    root.get_fulcio_certs()
    root.get_timestamp_authorities()


def read_config(path: str) -> None:
    config = SigningConfig.from_file(path)
    asked = [service.url for kind in (config._tlogs, config._tsas, config._fulcios, config._oidcs) for service in kind]
    sys.stdout.write(json.dumps(asked))


{"root": read_root, "config": read_config}[sys.argv[1]](sys.argv[2])
