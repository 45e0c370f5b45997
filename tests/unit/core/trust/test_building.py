"""Entries of a trusted root from keys and chains."""

import pytest

from cosignpy.core.keys.algorithms import ML_DSA_65
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.note.key_id import log_key_id, spki_key_id
from cosignpy.core.trust.building import build_authority, build_log
from cosignpy.core.trust.trusted_root import MAX_CHAIN, TrustedRoot, encode_trusted_root, parse_trusted_root
from cosignpy.core.trust.validity import Validity
from cosignpy.errors import KeyUnusable, LimitExceeded, MalformedError
from tests.support.certificates import LIFETIME, START, Authority
from tests.support.trust_documents import ISSUING_CHAIN, LOG_KEY, SHARD_KEY, pem

SPAN = Validity(START, START + LIFETIME)


def test_a_log_is_named_by_its_key_alone_or_with_its_origin() -> None:
    plain = build_log("https://log.example", SHARD_KEY, SPAN)
    named = build_log("https://log.example", SHARD_KEY, SPAN, "origin.example")
    assert (plain.log_id, named.log_id) == (spki_key_id(SHARD_KEY), log_key_id("origin.example", SHARD_KEY))
    assert build_log("https://log.example", LOG_KEY, SPAN, "origin.example").log_id == spki_key_id(LOG_KEY)


def test_what_is_built_can_be_read() -> None:
    built = TrustedRoot(
        logs=(build_log("https://log.example", LOG_KEY, SPAN),),
        certificate_authorities=(build_authority("https://ca.example", pem(*ISSUING_CHAIN), SPAN),),
    )
    assert parse_trusted_root(encode_trusted_root(built)) == built


def test_an_authority_is_named_as_its_root_is() -> None:
    built = build_authority("https://ca.example", pem(*ISSUING_CHAIN), SPAN)
    assert (built.uri, built.organization, built.common_name) == ("https://ca.example", "", "root")
    assert (tuple(each.der for each in built.chain), built.validity) == (ISSUING_CHAIN, SPAN)


def test_without_a_start_an_authority_begins_with_its_chain() -> None:
    assert build_authority("", pem(*ISSUING_CHAIN), Validity(None)).validity == Validity(START)


def test_a_key_that_signs_no_checkpoints_has_no_id_with_an_origin() -> None:
    key = PrivateKey.generate(ML_DSA_65).public_key
    build_log("https://log.example", key, SPAN)
    with pytest.raises(KeyUnusable):
        build_log("https://log.example", key, SPAN, "origin.example")


def test_a_chain_has_a_limit() -> None:
    root = Authority.root().der
    build_authority("", pem(*[root] * MAX_CHAIN), SPAN)
    with pytest.raises(LimitExceeded):
        build_authority("", pem(*[root] * (MAX_CHAIN + 1)), SPAN)


@pytest.mark.parametrize("content", [b"", pem(b"no certificate"), LOG_KEY.encode_pem()])
def test_what_is_no_chain_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedError):
        build_authority("", content, SPAN)
