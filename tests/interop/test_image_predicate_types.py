"""Attestations about images, of every type that cosign has a name for: each of ours and theirs, in each format."""

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any, Final

import pytest

from cosignpy.core.predicates.types import PREDICATE_TYPES
from tests.interop.images import push_image
from tests.interop.programs import SIGN_FLAGS, Format, Tool, Workshop
from tests.interop.test_predicate_types import COSIGN, OTHERS
from tests.support.predicates import EXAMPLES, example
from tests.support.registries import run_program

IGNORED: Final = "--insecure-ignore-tlog=true"
SIGNERS: Final = [pair for pair in SIGN_FLAGS if pair != (Tool.V2, Format.BUNDLE)]
"""cosign 2 stores attestations of images under a tag alone."""
VERIFY: Final = {
    (Tool.OURS, Format.BUNDLE): (IGNORED, "--output=cosign"),
    (Tool.OURS, Format.LEGACY): (IGNORED, "--output=cosign"),
    (Tool.V3, Format.BUNDLE): (IGNORED,),
    (Tool.V3, Format.LEGACY): (IGNORED, "--new-bundle-format=false"),
    (Tool.V2, Format.LEGACY): (IGNORED,),
}
TEXT_UNREAD: Final = {(Tool.V3, Format.BUNDLE), (Tool.V3, Format.LEGACY)}
"""Who does not read a predicate that is a text, which cosign makes of every `spdx`, its own included."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("shop"))
    made.make_key("signer")
    for name in EXAMPLES:
        (made.folder / f"{name}.json").write_bytes(example(name))
    return made


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with run_program("ggcr-referrers") as running:
        yield running.address


def attest(shop: Workshop, pair: tuple[Tool, Format], name: str, image: str) -> None:
    said = ("--type", name, "--predicate", f"{name}.json", "--yes")
    shop.run(pair[0], "attest", "--key=signer.key", *SIGN_FLAGS[pair], *said, image).expect_success()


def verified(shop: Workshop, reader: tuple[Tool, Format], kind: str, image: str) -> list[Any]:
    """Return what the envelopes say that were printed; none where nothing was accepted."""
    asked = ("verify-attestation", "--key=signer.pub", *VERIFY[reader], "--type", kind, image)
    done = shop.run(reader[0], *asked)
    assert (done.exit_code == 0) is bool(done.stdout.strip())
    return [json.loads(b64decode(json.loads(line)["payload"])) for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_every_type_of_cosign_s_is_read_by_all(shop: Workshop, registry: str, signer: tuple[Tool, Format]) -> None:
    """All types lie beside one image, so that each reader has to tell them apart; what we sign is as it was given."""
    image = push_image(shop, f"{registry}/types", f"by-{signer[0]}-{signer[1]}")
    different = [name for name in COSIGN if name not in {"slsaprovenance02", "spdxjson"}]
    for name in different:
        attest(shop, signer, name, image)
    said = dict(EXAMPLES) if signer[0] is Tool.OURS else {}
    for reader in [reader for reader in VERIFY if reader[1] is signer[1]]:
        for name in different:
            unread = name == "spdx" and signer[0] is not Tool.OURS and reader in TEXT_UNREAD
            found = verified(shop, reader, name, image)
            assert [one["predicateType"] for one in found] == [PREDICATE_TYPES[name]] * (not unread), (reader, name)
            assert all(one["predicate"] == said.setdefault(name, one["predicate"]) for one in found), (reader, name)
        assert verified(shop, reader, "https://example.com/other", image) == []


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
@pytest.mark.parametrize(("name", "same"), [("slsaprovenance02", "slsaprovenance"), ("spdxjson", "spdx")])
def test_two_names_of_a_type_are_one(
    shop: Workshop, registry: str, signer: tuple[Tool, Format], name: str, same: str
) -> None:
    image = push_image(shop, f"{registry}/types", f"{name}-{signer[0]}-{signer[1]}")
    attest(shop, signer, name, image)
    for reader in [reader for reader in VERIFY if reader[1] is signer[1]]:
        for asked in (name, same):
            assert [one["predicateType"] for one in verified(shop, reader, asked, image)] == [PREDICATE_TYPES[same]]


@pytest.mark.parametrize("form", Format)
def test_every_other_type_is_a_uri_to_cosign(shop: Workshop, registry: str, form: Format) -> None:
    image = push_image(shop, f"{registry}/types", f"others-{form}")
    for name in OTHERS:
        attest(shop, (Tool.OURS, form), name, image)
    for reader in [reader for reader in VERIFY if reader[1] is form]:
        for name in OTHERS:
            kind = name if reader[0] is Tool.OURS else PREDICATE_TYPES[name]
            assert [one["predicate"] for one in verified(shop, reader, kind, image)] == [EXAMPLES[name]], name
