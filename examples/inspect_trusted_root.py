"""See whom a trusted root names: python inspect_trusted_root.py TRUSTED_ROOT."""

import sys
from pathlib import Path

from cosignpy import parse_trusted_root

root = parse_trusted_root(Path(sys.argv[1]).read_bytes())
for log in (*root.logs, *root.ct_logs):
    print(f"log        {log.base_url}  {log.key_details}  since {log.validity.start}")
for authority in (*root.certificate_authorities, *root.timestamp_authorities):
    print(f"authority  {authority.uri}  {authority.chain[-1].subject_name}")
