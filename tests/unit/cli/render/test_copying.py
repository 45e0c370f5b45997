"""What a copy tells."""

import pytest

from cosignpy.cli.invocation import Output
from cosignpy.cli.render.copying import render_copy
from cosignpy.core.digest import Digest
from cosignpy.core.oci.manifest import Descriptor
from cosignpy.operations.copy_image import CopiedImage


def test_what_was_listed_and_not_there_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    gone = Digest.of(b"gone")
    found = CopiedImage(Descriptor.of(b"image", "type"), 1, 2, (gone,), 3, 4)
    render_copy(found, "here", "there", Output.TEXT)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"WARNING: not copied: {gone}")
    assert "images: 1, attachments: 2, manifests sent: 3, bytes sent: 4" in printed.err
