"""Signing statements."""

import pytest

from cosignpy.core.bundle.protojson import encode_bundle, parse_bundle
from cosignpy.core.encoding import encode_json
from cosignpy.core.policy.predicate import PredicateTypeIs
from cosignpy.core.verify.bundle import verify_bundle
from cosignpy.errors import MalformedError, TransparencyError, UsageError
from cosignpy.operations.attest_blob import sign_statement
from cosignpy.operations.complete_bundle import SigningKey, SigningServices
from cosignpy.values import replace
from tests.support.signing_services import Log, Root, Stamps
from tests.support.virtual_sigstore import BY_ALICE, FILE, LEAF_KEY, ROOT, STATEMENT, TRUST, good_leaf

KEYLESS = SigningKey(LEAF_KEY, good_leaf())
ALL = SigningServices((Log(),), (Stamps(),))


def test_statement_is_accepted_by_the_verifier() -> None:
    bundle = parse_bundle(encode_bundle(sign_statement(STATEMENT, KEYLESS, ALL, Root())))
    assert verify_bundle(bundle, FILE, TRUST, replace(BY_ALICE, predicate=PredicateTypeIs())).payload == STATEMENT


def test_nothing_is_given_out_whose_log_nobody_trusts() -> None:
    with pytest.raises(TransparencyError):
        sign_statement(STATEMENT, KEYLESS, ALL, Root(replace(ROOT, logs=())))


def test_what_is_not_a_statement_is_not_signed() -> None:
    with pytest.raises(MalformedError):
        sign_statement(b"{}", KEYLESS, ALL, Root())


def test_statement_about_nothing_is_not_signed() -> None:
    nothing = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://example.com", "predicate": {}}
    for subject in ([], [{"name": "x"}], [{"name": "x", "digest": {"md5": "00"}}]):
        with pytest.raises(UsageError, match="about nothing"):
            sign_statement(encode_json({**nothing, "subject": subject}), KEYLESS, ALL, Root())
