"""What a policy names, looked up where the cluster and the web were read before: nothing is asked of anybody."""

import binascii
from collections.abc import Mapping
from typing import Any, Final, Protocol

from cosignpy.errors import KeyUnusable, MalformedError
from cosignpy.imagepolicy.go_reader.key_validation import parse_first_pem
from cosignpy.imagepolicy.model import Remote
from cosignpy.values import field, value
from cosignpy.webhook.policies.compiled import PolicyNeeds
from cosignpy.webhook.policies.faults import MAX_MESSAGE, Fault, Stage
from cosignpy.webhook.policies.fetching import KmsKey, Supply, Wanted
from cosignpy.webhook.policies.names import Names
from cosignpy.webhook.ports import Object

_CERTIFICATE: Final = "-----BEGIN CERTIFICATE-----"


class Surroundings(Protocol):
    """What is known of the cluster and of the web."""

    def secret(self, name: str) -> Object | None:
        """Return a Secret of the webhook's own namespace."""
        ...

    def config_map(self, name: str) -> Object | None:
        """Return a ConfigMap of the webhook's own namespace."""
        ...

    def trust_root(self, name: str) -> "UsableRoot | None":
        """Return a TrustRoot that can be believed; None where there is none."""
        ...

    def supply(self, wanted: Wanted) -> Supply:
        """Return what was fetched."""
        ...


@value
class UsableRoot:
    """A trust root: the object that has its keys, or the trusted root of its repository; exactly one of them."""

    document: Mapping[str, Any] | None = None
    trusted_root: str = field(default="", repr=False)


@value
class Gathered:
    """What was found, and what is wrong with the rest. Trust roots that are not there are told, and are no fault."""

    needs: PolicyNeeds = field(default_factory=PolicyNeeds)
    faults: tuple[Fault, ...] = ()
    absent_roots: tuple[str, ...] = ()


def gather(names: Names, known: Surroundings) -> Gathered:
    """Look up all that a policy names. Messages are the policy controller's where it has one."""
    faults = list[Fault]()
    secrets, config_maps = dict[str, str](), dict[str, dict[str, str]]()
    for name in names.secrets:
        found = _key_in(name, known.secret(name))
        if isinstance(found, Fault):
            faults.append(found)
        else:
            secrets[name] = found
    keys = _supplied({each: KmsKey(each) for each in names.keys}, known, Stage.KEYS, faults)
    for name, key in names.config_maps:
        text = _text_in(name, key, known.config_map(name))
        if isinstance(text, Fault):
            faults.append(text)
        else:
            config_maps.setdefault(name, {})[key] = text
    texts: dict[str, Wanted] = {each.url: each for each in names.texts}
    remotes = _supplied(texts, known, Stage.TEXTS, faults)
    roots = {name: known.trust_root(name) for name in names.trust_roots}
    documents = {name: each.document for name, each in roots.items() if each is not None and each.document is not None}
    repositories = {name: each.trusted_root for name, each in roots.items() if each is not None and each.trusted_root}
    needs = PolicyNeeds(secrets, config_maps, documents, repositories, remotes, keys)
    return Gathered(needs, tuple(faults), tuple([name for name, each in roots.items() if each is None]))


def wanted_by(names: Names) -> tuple[Remote | KmsKey, ...]:
    """Return what has to be fetched for a policy."""
    return *names.texts, *(KmsKey(each) for each in names.keys)


def _supplied(wanted: Mapping[str, Wanted], known: Surroundings, stage: Stage, faults: list[Fault]) -> dict[str, str]:
    found = dict[str, str]()
    for name, each in wanted.items():
        supply = known.supply(each)
        if supply.content is not None:
            found[name] = supply.content
        else:
            why = supply.problem or f"{name} was not fetched yet"
            faults.append(Fault(stage, why[:MAX_MESSAGE]))
    return found


def _key_in(name: str, secret: Object | None) -> str | Fault:
    """Return what the only entry of a Secret has: certificates as they are, a key in the spelling of ours."""
    if secret is None:
        return Fault(Stage.KEYS, f'secret "{name}" not found', is_gone=True)
    entries = secret.get("data") or {}
    if len(entries) != 1:
        amount = "multiple data entries, only one is supported" if entries else "no data"
        return Fault(Stage.KEYS, f'secret "{name}" contains {amount}')
    (encoded,) = entries.values()
    try:
        text = binascii.a2b_base64(encoded).decode("utf-8", "replace")
        if text.lstrip().startswith(_CERTIFICATE):
            return text
        return parse_first_pem(text).encode_pem().decode()
    except (KeyUnusable, MalformedError) as error:
        return Fault(Stage.KEYS, f'secret "{name}" contains an invalid public key: {error.why}')
    except (ValueError, TypeError):  # not base64, which the API server would not store
        return Fault(Stage.KEYS, f'secret "{name}" contains an invalid public key: not base64')


def _text_in(name: str, key: str, config_map: Object | None) -> str | Fault:
    if config_map is None:
        return Fault(Stage.TEXTS, f'configmap "{name}" not found', is_gone=True)
    entries = config_map.get("data") or {}
    if not entries:
        return Fault(Stage.TEXTS, f'configmap "{name}" contains no data')
    text = entries.get(key)
    return text or Fault(Stage.TEXTS, f'configmap "{name}" does not contain key {key}')
