"""`cosignpy provenance generate`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from cosignpy.cli.invocation import CURRENT
from cosignpy.core.predicates.provenance import build_provenance
from cosignpy.files import write_file


def generate(
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", show_default=False, help="Write here, not to stdout.")
    ] = None,
    builder_id: Annotated[
        str, typer.Option("--builder-id", metavar="URI", show_default=False, help="Who built, if not who this job is.")
    ] = "",
) -> None:
    """Say how this CI job builds: SLSA v1 provenance, for `attest --type slsaprovenance1 --predicate`.

    It is filled from the variables of GitHub Actions, GitLab CI or Buildkite, and holds no other variable of the job.
    """
    predicate = build_provenance(os.environ, builder_id)
    if out is None:
        CURRENT.print(predicate.decode())
    else:
        write_file(out, predicate + b"\n")
