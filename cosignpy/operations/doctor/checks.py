"""All checks, in the order that they are told in; one more is one more row."""

from collections.abc import Sequence
from typing import Final

from cosignpy.operations.doctor.clock import CLOCK
from cosignpy.operations.doctor.credentials import CREDENTIALS
from cosignpy.operations.doctor.environment import ENVIRONMENT
from cosignpy.operations.doctor.facts import Facts
from cosignpy.operations.doctor.findings import Check, Finding, State
from cosignpy.operations.doctor.identity import IDENTITY, KEYS
from cosignpy.operations.doctor.metadata import METADATA
from cosignpy.operations.doctor.registry import REGISTRY
from cosignpy.operations.doctor.services import SERVICES
from cosignpy.operations.doctor.signing_config import SIGNING_CONFIG
from cosignpy.operations.doctor.trust import TRUST
from cosignpy.values import value

CHECKS: Final = (
    METADATA,
    TRUST,
    SIGNING_CONFIG,
    SERVICES,
    CLOCK,
    IDENTITY,
    KEYS,
    CREDENTIALS,
    ENVIRONMENT,
    REGISTRY,
)


@value
class Section:
    """What one check found."""

    check: Check
    findings: tuple[Finding, ...]


@value
class Diagnosis:
    """What all checks found."""

    facts: Facts
    sections: tuple[Section, ...]

    def count(self, state: State) -> int:
        """Return how many findings are of a state."""
        return sum(finding.state is state for section in self.sections for finding in section.findings)


def diagnose(facts: Facts, checks: Sequence[Check] = CHECKS) -> Diagnosis:
    """Run all checks."""
    return Diagnosis(facts, tuple(Section(check, tuple(check.run(facts))) for check in checks))
