"""`cosignpy policy-tester`: the policy controller's tester, with its flags, its output and its exit codes."""

from enum import StrEnum
from typing import Annotated, Final

import typer

from cosignpy.cli import exit_codes
from cosignpy.cli.invocation import CURRENT, log_requests
from cosignpy.cli.policy_tester import PolicyTester
from cosignpy.version import VERSION


class LogLevel(StrEnum):
    """How much is told on stderr; requests at `debug`."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


def _flag(name: str, metavar: str, text: str) -> typer.models.OptionInfo:
    """Describe a flag that no variable stands for: there is none in the tester."""
    option: typer.models.OptionInfo = typer.Option(name, metavar=metavar, show_default=False, help=text, envvar=[])
    return option


PolicyFlag = Annotated[str, _flag("--policy", "FILE|URL", "ClusterImagePolicies.")]
ImageFlag = Annotated[str, _flag("--image", "IMAGE", "What is decided over.")]
ResourceFlag = Annotated[str, _flag("--resource", "FILE", "What runs it, for `match` and conditions.")]
TrustRootFlag = Annotated[str, _flag("--trustroot", "FILE", "A TrustRoot that policies name.")]
LogLevelFlag = Annotated[str, _flag("--log-level", "LEVEL", "debug, info, warn or error.")]
VersionFlag = Annotated[bool, typer.Option("--version", help="Print the version.", envvar=[])]


def policy_tester(
    policy: PolicyFlag = "",
    image: ImageFlag = "",
    resource: ResourceFlag = "",
    trustroot: TrustRootFlag = "",
    log_level: LogLevelFlag = LogLevel.INFO.value,
    version: VersionFlag = False,
) -> int:
    """Test policies as the policy controller's tester does: its flags, its verdicts, its exit codes.

    Exits with 0 where the image may be used, and with 1 where it may not: then a line of JSON says why. Policies are
    read as Go reads them; `policy verify` and `policy lint` read them strictly, and say what is wrong with them.
    """
    if log_level not in list(LogLevel):
        CURRENT.say(USAGE)
        return exit_codes.FAILURE
    if version:
        CURRENT.print(VERSION)
        return exit_codes.OK
    if not policy or not image:
        CURRENT.say(USAGE)
        return exit_codes.FAILURE
    if log_level == LogLevel.DEBUG:
        log_requests()
    return PolicyTester(policy, image, resource, trustroot).run()


USAGE: Final = """\
Usage of policy-tester:
  -image string
        image to decide over
  -log-level string
        debug, info, warn or error (default "info")
  -policy string
        file with ClusterImagePolicies, or its URL
  -resource string
        file with a Kubernetes resource that runs the image
  -trustroot string
        file with a TrustRoot
  -version
        print the version"""
