"""Sign an image as whoever a token is about: python sign_image.py IMAGE TOKEN SIGNING_CONFIG TRUSTED_ROOT."""

import sys
from pathlib import Path

from cosignpy import open_keyless_signing, parse_signing_config, parse_trusted_root, sign_image

name, *files = sys.argv[1:]
token, config, root = (Path(file).read_bytes() for file in files)
with open_keyless_signing(token.decode(), parse_signing_config(config), parse_trusted_root(root)) as signing:
    bundle = sign_image(name, signing, annotations={"built-by": "ci"})
print(f"{name}: signed, entry {bundle.log_entries[0].log_index} of the log")
