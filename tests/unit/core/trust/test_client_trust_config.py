"""Both documents in one: read under either name that protobuf JSON has, written under the usual one."""

import json
from typing import Any

import pytest

from cosignpy.core.bundle.protojson import parse_bundle
from cosignpy.core.encoding import encode_json
from cosignpy.core.trust.client_trust_config import (
    CLIENT_TRUST_CONFIG,
    MAX_CLIENT_TRUST_CONFIG,
    encode_client_trust_config,
    parse_any_signing_config,
    parse_any_trusted_root,
    parse_client_trust_config,
)
from cosignpy.core.trust.signing_config import parse_signing_config
from cosignpy.core.trust.trusted_root import parse_trusted_root
from cosignpy.errors import LimitExceeded, MalformedError
from tests.support import vectors
from tests.support.trust_documents import signing_config, trusted_root


def document() -> dict[str, Any]:
    return {"mediaType": CLIENT_TRUST_CONFIG, "trustedRoot": trusted_root(), "signingConfig": signing_config()}


def test_it_is_read_and_written() -> None:
    found = parse_client_trust_config(encode_json(document()))
    assert found.trusted_root == parse_trusted_root(encode_json(trusted_root()))
    assert found.signing_config == parse_signing_config(encode_json(signing_config()))
    assert json.loads(encode_client_trust_config(found)) == document()


def test_the_other_name_is_read() -> None:
    renamed = document()
    renamed["signing_config"] = renamed.pop("signingConfig")
    assert parse_client_trust_config(encode_json(renamed)) == parse_client_trust_config(encode_json(document()))


@pytest.mark.parametrize(
    "change",
    [
        {"mediaType": None},
        {"mediaType": "application/json"},
        {"trustedRoot": None},
        {"trustedRoot": {}},
        {"signingConfig": None},
        {"signingConfig": {}},
        {"signing_config": signing_config()},
        {"unknown": 1},
    ],
)
def test_a_neighbour_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        parse_client_trust_config(encode_json(document() | change))


def test_another_document_is_named_by_its_type() -> None:
    """Whoever mistook one file for another learns which one that is, and not which of its members is unknown."""
    for parse in (parse_client_trust_config, parse_bundle):
        with pytest.raises(MalformedError, match="trustedroot"):
            parse(encode_json(trusted_root()))


def test_each_part_is_read_alone_and_from_both() -> None:
    root, config = encode_json(trusted_root()), encode_json(signing_config())
    assert parse_any_trusted_root(root) == parse_any_trusted_root(encode_json(document())) == parse_trusted_root(root)
    assert parse_any_signing_config(config) == parse_any_signing_config(encode_json(document()))
    assert parse_any_signing_config(config) == parse_signing_config(config)


@pytest.mark.parametrize("wrong", [signing_config(), {**trusted_root(), "mediaType": CLIENT_TRUST_CONFIG}])
def test_what_is_neither_a_trusted_root_nor_both_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        parse_any_trusted_root(encode_json(wrong))


@pytest.mark.parametrize("wrong", [trusted_root(), {**signing_config(), "mediaType": CLIENT_TRUST_CONFIG}])
def test_what_is_neither_a_signing_config_nor_both_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        parse_any_signing_config(encode_json(wrong))


def test_it_has_a_limit() -> None:
    raw = encode_json(document()).ljust(MAX_CLIENT_TRUST_CONFIG)
    parse_client_trust_config(raw)
    with pytest.raises(LimitExceeded):
        parse_client_trust_config(raw + b" ")


@vectors.NEEDED
def test_pythons_examples() -> None:
    found = parse_client_trust_config(vectors.path("sigstore-python/trust_config/config.v1.json").read_bytes())
    assert parse_client_trust_config(encode_client_trust_config(found)) == found
    with pytest.raises(MalformedError):
        parse_client_trust_config(vectors.path("sigstore-python/trust_config/config.badtype.json").read_bytes())
