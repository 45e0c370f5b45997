"""Trees of images and what is attached to them."""

from cosignpy.operations.expand import expand_index
from cosignpy.operations.tree import fetch_tree
from tests.support.attached import push_bundle
from tests.support.memory_repository import MemoryRepository, push_image, push_index


def test_a_single_image_has_its_attachments() -> None:
    repository = MemoryRepository()
    image = push_image(repository).descriptor
    bundle = push_bundle(repository, image)
    tree = fetch_tree(repository, repository, [image])
    assert [item.digest for item in tree.attachments] == [bundle.digest]
    assert tree.children == ()


def test_attachments_are_looked_up_where_they_are_kept() -> None:
    images, signatures = MemoryRepository(), MemoryRepository("registry.test/signatures")
    image = push_image(images).descriptor
    push_bundle(signatures, image)
    assert len(fetch_tree(images, signatures, [image]).attachments) == 1
    assert len(fetch_tree(images, images, [image]).attachments) == 0


def test_an_index_alone_is_one_image_and_expanded_it_has_children_in_its_order() -> None:
    repository = MemoryRepository()
    first, second = (push_image(repository, content).descriptor for content in (b"one", b"two"))
    index = push_index(repository, [second, first]).descriptor
    push_bundle(repository, first)
    assert fetch_tree(repository, repository, [index]).children == ()
    tree = fetch_tree(repository, repository, expand_index(repository, index))
    assert [child.image.digest for child in tree.children] == [second.digest, first.digest]
    assert [len(child.attachments) for child in tree.children] == [0, 1]


def test_indexes_that_name_one_another_many_times_are_opened_once() -> None:
    repository = MemoryRepository()
    level = push_image(repository).descriptor
    for _ in range(6):
        level = push_index(repository, [level] * 30).descriptor
    tree = fetch_tree(repository, repository, expand_index(repository, level))
    count, pending = 0, [tree]
    while pending:
        count += 1
        pending.extend(pending.pop().children)
    assert count == 1 + 6 * 30
