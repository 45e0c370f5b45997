"""Flags about who signed: what is given counts, also when a variable left it empty."""

import pytest

from cosignpy.cli.signer_flags import IdentityFlags
from cosignpy.errors import UsageError
from cosignpy.values import replace

GOOD = IdentityFlags(certificate_identity_regexp="@example[.]com$", certificate_oidc_issuer="https://issuer.test")


def test_what_is_not_given_asks_for_nothing() -> None:
    rule = GOOD.rule()
    assert (len(rule.names), len(rule.issuers), dict(rule.extensions)) == (1, 1, {})
    assert IdentityFlags().is_empty
    assert not GOOD.is_empty


@pytest.mark.parametrize(
    "name",
    [
        "certificate_identity",
        "certificate_identity_regexp",
        "certificate_oidc_issuer",
        "certificate_oidc_issuer_regexp",
        "certificate_github_workflow_repository",
        "certificate_github_workflow_ref",
    ],
)
def test_what_is_given_and_empty_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        replace(GOOD, **{name: ""}).rule()
