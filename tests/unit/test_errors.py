"""Errors: one line for a person, with the data that a caller decides on."""

import pytest

from cosignpy import errors
from cosignpy.errors import CosignError

EVERY = [
    errors.UsageError("the problem"),
    errors.MalformedError("a bundle", "the reason"),
    errors.LimitExceeded("a bundle", "the reason"),
    errors.InvalidPredicate("predicate", "the reason", 12, "builder.id"),
    errors.InvalidPredicate("predicate", "the reason", 12),
    errors.KeyUnusable("cosign.key", "the reason"),
    errors.WrongPassword("cosign.key", "the reason"),
    errors.IdentityUnusable("https://issuer.example", "the reason"),
    errors.NoIdentity("the environment", "the reason"),
    errors.DigestMismatch("a blob", "sha256:00", "sha256:11"),
    errors.SignatureMismatch("the reason"),
    errors.ClaimMismatch("predicate type", "a", "b"),
    errors.IdentityMismatch("alice", "mallory"),
    errors.Denied("the key", "key sha256:00"),
    errors.CertificateError("certificate 1", "the reason"),
    errors.TimestampError("timestamp token", "the reason"),
    errors.TransparencyError("root", "aa", "bb"),
    errors.UntrustedRepository("https://tuf.example", "the reason"),
    errors.TransparencyRequired("the reason"),
    errors.NoMatchingSignatures("registry.example/app", ()),
    errors.FilesMismatch("dist", ()),
    errors.PolicyRefused("team", "the reason"),
    errors.PolicyRefused("", "the reason"),
    errors.ConditionRefused("", "the reason", None, "policy.rego", 7),
    errors.ConditionRefused("team", "the reason", None, "policy.rego", 7),
    errors.AttestationsRefused("registry.example/app", ()),
    errors.NoSuchTag("registry.example/app:v1"),
    errors.NoSignatures("registry.example/app:v1"),
    errors.NoSuchTarget("trusted_root.json", "https://tuf.example"),
    errors.FileError("/some/path", "the reason"),
    errors.DeadlineExceeded(1.5),
    errors.HelperFailed("docker-credential-pass", "the reason"),
    errors.ClusterError("get pods a/b", "https://cluster.example", "the reason", 500),
    errors.ClusterUnreachable("get pods a/b", "https://cluster.example", "the reason"),
    errors.Forbidden("get pods a/b", "https://cluster.example", "the reason", 403),
    errors.Conflict("update pods a/b", "https://cluster.example", "the reason", 409),
    errors.AlreadyThere("create pods a/b", "https://cluster.example", "the reason", 409),
    errors.RemoteError("registry", "https://registry.example", 500, "the reason"),
    errors.RemoteError("registry", "https://registry.example", None, "the reason"),
    errors.Unreachable("registry", "https://registry.example", None, "the reason"),
    errors.AccessDenied("registry", "https://registry.example", 401, "the reason"),
    errors.RateLimited("registry", "https://registry.example", 429, "the reason"),
]


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
def test_an_error_is_one_line_that_holds_its_data(error: CosignError) -> None:
    line = str(error)
    told = [
        str(value)
        for name, value in vars(error).items()
        if isinstance(value, str | float | int) and not isinstance(value, bool) and name != "hint"
    ]
    assert "\n" not in line
    assert [value for value in told if value not in line] == []


def test_every_error_has_a_case_here() -> None:
    def below(kind: type[CosignError]) -> set[type[CosignError]]:
        return {kind}.union(*(below(child) for child in kind.__subclasses__()))

    bases = {CosignError, errors.VerificationError, errors.NotFoundError}
    ours = {kind for kind in below(CosignError) if kind.__module__.startswith(f"{errors.__name__}.")}
    assert ours - bases == set(map(type, EVERY))


def test_equal_data_does_not_make_equal_errors() -> None:
    """Two signatures rejected for one reason are two rejections."""
    assert errors.UsageError("x") != errors.UsageError("x")
    assert len({errors.UsageError("x"), errors.UsageError("x")}) == 2
