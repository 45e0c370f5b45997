"""Images on a registry in a container: signed and verified by everybody."""

from itertools import product

import pytest

from tests.interop.images import push_image
from tests.interop.programs import NO_MATCH, Format, Tool, Workshop


@pytest.mark.parametrize(("signer", "form"), list(product(Tool, Format)))
def test_everybody_verifies_what_is_signed_in_a_container(
    container_registry: str, shop: Workshop, signer: Tool, form: Format
) -> None:
    image = push_image(shop, f"{container_registry}/interop/container", f"{signer}-{form}")
    shop.sign(signer, form, image, "signer")
    runs = [shop.verify(verifier, form, image, "signer") for verifier in Tool]
    assert [run for run in runs if run.exit_code] == []
    assert shop.verify(Tool.OURS, form, image, "other").exit_code == NO_MATCH
