"""Owners of pods that had their look: believed only where nobody could have forged it."""

import asyncio
import copy
from typing import Any

import pytest

from cosignpy.errors import MalformedError
from cosignpy.webhook.images import Regard, list_images
from cosignpy.webhook.live_settings import LiveSettings
from cosignpy.webhook.owners import ClusterOwners
from cosignpy.webhook.ports import Object, ResourceType
from tests.support.admission import DIGEST, OTHER, PINNED, REPOSITORY, TAGGED, pod, request_of, workload

CONTROLLER = "system:serviceaccount:kube-system:replicaset-controller"
SETTINGS = LiveSettings(exempt_controllers=("kube-system:replicaset-controller",))
REFERENCE = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u1", "controller": True}
OWNER = workload("ReplicaSet", PINNED)
OWNER["metadata"]["uid"] = "u1"


def owned(*images: object, **reference: object) -> dict[str, Any]:
    made = pod(*(images or (PINNED,)))
    made["metadata"]["ownerReferences"] = [{**REFERENCE, **reference}]
    return made


def vouches(
    found: dict[str, Any],
    *,
    user: str = CONTROLLER,
    owner: dict[str, Any] | None = OWNER,
    settings: LiveSettings = SETTINGS,
    **changes: object,
) -> bool:
    asked: list[tuple[str, str, str]] = []

    async def find(kind: ResourceType, namespace: str, name: str) -> Object | None:
        asked.append((kind.kind, namespace, name))
        return owner

    request = request_of(found, userInfo={"username": user}, **changes)
    wanted = list_images(request, (), Regard())
    vouched = asyncio.run(ClusterOwners(find, lambda: settings).vouch(request, wanted))
    assert asked in ([], [("ReplicaSet", "shop", "web")])
    assert asked or not vouched
    return vouched


def test_a_pod_of_a_controller_for_an_owner_with_the_same_image_is_vouched_for() -> None:
    assert vouches(owned())


@pytest.mark.parametrize(
    "user",
    ["alice", "kube-system:replicaset-controller", "system:serviceaccount:shop:replicaset-controller", "system:admin"],
)
def test_who_is_not_the_controller_is_not_believed(user: str) -> None:
    assert not vouches(owned(), user=user)


def test_it_is_off_unless_switched_on() -> None:
    assert not vouches(owned(), settings=LiveSettings())


@pytest.mark.parametrize(
    "change",
    [{"uid": "u2"}, {"uid": ""}, {"uid": None}, {"controller": False}, {"kind": "Thing"}, {"name": 5}],
)
def test_a_reference_that_leads_nowhere_is_worth_nothing(change: dict[str, Any]) -> None:
    assert not vouches(owned(**change))


@pytest.mark.parametrize("owners", [None, "text", [], ["text"]])
def test_an_object_without_owners_is_looked_at(owners: object) -> None:
    made = owned()
    made["metadata"]["ownerReferences"] = owners
    assert not vouches(made)


def test_an_owner_that_is_gone_or_another_vouches_for_nothing() -> None:
    assert not vouches(owned(), owner=None)
    other = copy.deepcopy(OWNER)
    other["metadata"]["uid"] = "u2"
    assert not vouches(owned(), owner=other)
    assert not vouches(owned(), owner={"spec": OWNER["spec"]})


@pytest.mark.parametrize("uid", [None, ""])
def test_an_owner_that_nobody_can_tell_from_another_vouches_for_nothing(uid: str | None) -> None:
    owner = copy.deepcopy(OWNER)
    owner["metadata"]["uid"] = uid
    assert not vouches(owned(uid=uid), owner=owner)


def test_an_image_that_the_owner_does_not_have_is_looked_at() -> None:
    assert not vouches(owned(PINNED, f"{REPOSITORY}@{OTHER}"))
    second = owned()
    second["spec"]["initContainers"] = [{"name": "i", "image": PINNED}]
    assert not vouches(second)


def test_an_image_by_its_tag_is_looked_at_whoever_has_it() -> None:
    owner = copy.deepcopy(OWNER)
    owner["spec"]["template"]["spec"]["containers"][0]["image"] = TAGGED
    assert not vouches(owned(TAGGED), owner=owner)
    assert not vouches(owned(None), owner=owner)


def test_the_name_of_nothing_is_for_others_to_refuse() -> None:
    with pytest.raises(MalformedError):
        vouches(owned("a b"))


def test_a_change_of_a_pod_is_looked_at() -> None:
    assert not vouches(owned(), operation="UPDATE", oldObject=owned(f"{REPOSITORY}@{DIGEST[:-1]}0"))
