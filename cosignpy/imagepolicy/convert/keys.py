"""Keys and identities of other controllers as authorities of ours."""

import re
from collections.abc import Mapping
from typing import Final

from cosignpy.documents import Place
from cosignpy.imagepolicy.convert.findings import Findings
from cosignpy.imagepolicy.convert.writing import Content
from cosignpy.imagepolicy.fields import Fields

PEM: Final = re.compile(r"-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----")
KMS: Final = ("awskms://", "azurekms://", "hashivault://", "gcpkms://")
SECRET: Final = "k8s://"  # noqa: S105 - not a password
SYSTEM: Final = "cosign-system"
"""Where Secrets lie that policies name."""

IDENTITY: Final = {"issuer": "issuerRegExp", "subject": "subjectRegExp"}
"""What a signer is known by, and what their patterns are called."""

TRUST: Final = "write a policy with a TrustRoot that has it, which `trustRootRef` names"
"""What to do about whose certificates, logs and timestamps are believed."""

_WILDCARD: Final = re.compile(r"[*?]")


def split_keys(text: str, place: Place) -> tuple[str, ...]:
    """Return the keys that stand one behind the other: in PEM, or one address.

    Raises:
        DocumentError: It is neither.
    """
    blocks = tuple([f"{match.group()}\n" for match in PEM.finditer(text)])
    rest = PEM.sub("", text).strip()
    if bool(blocks) == bool(rest) or len(rest.split()) > 1:
        raise place.error("is no key", f"keys in PEM, or one of {', '.join([*KMS, SECRET])}")
    return blocks or (rest,)


def key_of(text: str, place: Place, findings: Findings) -> dict[str, Content]:
    """Return a key as an authority has it.

    Raises:
        DocumentError: It lies where ours cannot.
    """
    if text.startswith(KMS):
        return {"kms": text}
    if text.startswith(SECRET):
        namespace, _, name = text.removeprefix(SECRET).partition("/")
        return secret_of(name, namespace, place, findings)
    if not PEM.match(text):
        raise place.error(
            f"the key {text!r} cannot be converted", f"keys in PEM, or one of {', '.join([*KMS, SECRET])}"
        )
    return {"data": text}


def secret_of(name: str, namespace: str, place: Place, findings: Findings) -> dict[str, Content]:
    """Return a key in a Secret, which lies in a namespace of ours."""
    if namespace != SYSTEM:
        findings.warn(place, f"copy the public key of the Secret {name} into a Secret of {SYSTEM}, as its only entry")
    return {"secretRef": {"name": name}}


def identity_of(fields: Fields, names: Mapping[str, str]) -> dict[str, Content]:
    """Return an issuer and a subject; `names` says what their patterns are called there.

    Raises:
        DocumentError: One is absent, or there twice.
    """
    found = dict[str, Content]()
    for name, pattern in names.items():
        if fields.only_one(name, pattern) == pattern:
            found[f"{name}RegExp"] = fields.required(pattern)
        elif _WILDCARD.search(fields.required(name)):
            found[f"{name}RegExp"] = anchor(fields.required(name))
        else:
            found[name] = fields.required(name)
    return found


def anchor(text: str) -> str:
    """Return the pattern of what wildcards describe: `*` is any characters, and `?` one."""
    pieces = [{"*": ".*", "?": "."}.get(each, re.escape(each)) for each in text]
    return f"^{''.join(pieces)}$"
