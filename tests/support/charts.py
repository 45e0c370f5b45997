"""Helm charts as `helm package` makes them, small ones."""

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

CHART_YAML: Final = """\
apiVersion: v2
name: app
version: 1.2.3+build.4
description: A chart of nothing
appVersion: "1.10"
home: https://example.com/app
sources: [https://example.com/source, https://example.com/other]
deprecated: false
annotations: {example.com/deprecated: "true", org.opencontainers.image.title: other}
maintainers:
- name: Somebody
- {name: Another, email: another@example.com}
dependencies:
- {name: database, version: "1", repository: https://example.com/charts, enabled: true}
nonsense: left out
"""
FILES: Final = {
    "app/Chart.yaml": CHART_YAML,
    "app/templates/x.yaml": "{}",
    "app/charts/database/Chart.yaml": "apiVersion: v2\nname: database\nversion: 1.0.0\n",
}


def chart_archive(files: Mapping[str, str | None] = FILES) -> bytes:
    """Return an archive with these files; None makes a folder."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            if text is None:
                entry.type = tarfile.DIRTYPE
            content = (text or "").encode()
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)


def write_chart(folder: Path, text: str = CHART_YAML, name: str = "app.tgz") -> Path:
    """Write a chart with this Chart.yaml."""
    made = folder / name
    made.write_bytes(chart_archive({**FILES, "app/Chart.yaml": text}))
    return made


def provenance_of(digest: str) -> str:
    """Return what `helm package --sign` would write beside a chart; nobody really signs it."""
    said = f"name: app\n...\nfiles:\n  app.tgz: {digest}"
    return f"-----BEGIN PGP SIGNED MESSAGE-----\n\n{said}\n-----BEGIN PGP SIGNATURE-----\n"
