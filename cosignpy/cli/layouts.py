"""The directories of `save` and `load`: OCI layouts that hold one image."""

from pathlib import Path

from cosignpy.cli.wiring import max_attachment
from cosignpy.core.digest import Digest
from cosignpy.errors import FileError
from cosignpy.registry.layout import LayoutRepository
from cosignpy.registry.layout_store import LayoutDirectory


def begin_saved(directory: str, image: Digest) -> LayoutRepository:
    """Open a directory to save an image into; it is made where there is none.

    Raises:
        FileError: It holds something else than a layout, or another image.
        UsageError: It holds several images.
    """
    files = LayoutDirectory(Path(directory))
    files.create()
    layout = LayoutRepository(files, max_attachment())
    if files.load_index().entries and layout.fetch_only_image().digest != image:
        hint = f"save to an empty directory, or: cosignpy copy IMAGE oci-layout:{directory}:TAG"
        raise FileError(directory, "holds another image", hint)
    return layout


def open_saved(directory: str) -> LayoutRepository:
    """Open a directory to load from.

    Raises:
        FileError: There is no layout.
    """
    files = LayoutDirectory(Path(directory))
    files.load_index()
    return LayoutRepository(files, max_attachment())
