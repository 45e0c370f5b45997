"""Trees as cosign draws them."""

from cosignpy.cli.render.tree import tree_lines
from cosignpy.operations.tree import fetch_tree
from tests.support.attached import push_legacy
from tests.support.memory_repository import MemoryRepository, push_image


def test_layers_hang_below_their_tag() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    tag, legacy = push_legacy(repository, image, b"one", b"two")
    assert list(tree_lines(fetch_tree(repository, repository, [image]), "r.test/app:1", "r.test/app")) == [
        "📦 Supply Chain Security Related artifacts for an image: r.test/app:1",
        f"└── 🔐 Signatures for an image tag: r.test/app:{tag}",
        f"   ├── 🍒 {legacy.layers[0].digest}",
        f"   └── 🍒 {legacy.layers[1].digest}",
    ]
