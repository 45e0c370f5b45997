"""`cosignpy doctor`."""

from typing import Annotated

import typer

from cosignpy.cli.flags import DataOutputFlag, RegistryFlags
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.oidc_flags import OidcFlags
from cosignpy.cli.service_flags import ServiceFlags


def doctor(
    services: ServiceFlags,
    oidc: OidcFlags,
    registry: RegistryFlags,
    place: Annotated[
        str, typer.Argument(metavar="[IMAGE|REGISTRY]", show_default=False, help="A registry to ask as well.")
    ] = "",
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody; what is cached is looked at.")] = False,
    output: DataOutputFlag = Output.TEXT,
) -> int:
    """Say what is configured, what is wrong with it, and what to do about that; exits with 1 where there is a problem.

    Nothing is signed, and no token is fetched. Trust is read as other commands read it, so that a cache which
    is about to expire is renewed.
    """
    from cosignpy.cli.doctor.gather import Examination, gather_facts
    from cosignpy.cli.render.doctor import diagnosis_exit_code, diagnosis_lines, diagnosis_to_json
    from cosignpy.core.encoding import encode_json
    from cosignpy.operations.doctor.checks import diagnose

    diagnosis = diagnose(gather_facts(Examination(services, oidc, registry, place, offline)))
    if output is Output.JSON:
        CURRENT.print(encode_json(diagnosis_to_json(diagnosis)).decode())
    else:
        for line in diagnosis_lines(diagnosis):
            CURRENT.print(line)
    return diagnosis_exit_code(diagnosis)
