"""The types of `ClusterImagePolicy` and `TrustRoot`, as the policy controller declares them in Go.

Both versions of a ClusterImagePolicy have the same fields. The names are those of the JSON.
"""

from typing import Final

from cosignpy.imagepolicy.go_reader.go_scalars import OCTETS, TIME, URL
from cosignpy.imagepolicy.go_reader.json_fields import (
    ANYTHING,
    FLAG,
    INTEGER,
    TEXT,
    GoType,
    Pointer,
    Slice,
    Struct,
    TextMap,
)

_MAYBE: Final = Pointer(FLAG)


def _struct(**fields: GoType) -> Struct:
    """Describe fields whose names are as they are in Python, but for underscores at their end."""
    return Struct({name.rstrip("_"): kind for name, kind in fields.items()}, strict=True)


_OWNER: Final = _struct(apiVersion=TEXT, kind=TEXT, name=TEXT, uid=TEXT, controller=_MAYBE, blockOwnerDeletion=_MAYBE)
_MANAGED: Final = _struct(
    manager=TEXT,
    operation=TEXT,
    apiVersion=TEXT,
    time=Pointer(TIME),
    fieldsType=TEXT,
    fieldsV1=ANYTHING,
    subresource=TEXT,
)
METADATA: Final = _struct(
    name=TEXT,
    generateName=TEXT,
    namespace=TEXT,
    selfLink=TEXT,
    uid=TEXT,
    resourceVersion=TEXT,
    generation=INTEGER,
    creationTimestamp=TIME,
    deletionTimestamp=Pointer(TIME),
    deletionGracePeriodSeconds=Pointer(INTEGER),
    labels=TextMap(),
    annotations=TextMap(),
    ownerReferences=Slice(_OWNER),
    finalizers=Slice(TEXT),
    managedFields=Slice(_MANAGED),
)
_CONDITION: Final = _struct(type=TEXT, status=TEXT, severity=TEXT, lastTransitionTime=TIME, reason=TEXT, message=TEXT)
_STATUS: Final = _struct(observedGeneration=INTEGER, conditions=Slice(_CONDITION), annotations=TextMap())

_REMOTE: Final = _struct(url=URL, sha256sum=TEXT)
_CONFIG_MAP: Final = _struct(name=TEXT, namespace=TEXT, key=TEXT)
_POLICY: Final = _struct(
    type=TEXT,
    data=TEXT,
    remote=Pointer(_REMOTE),
    configMapRef=Pointer(_CONFIG_MAP),
    fetchConfigFile=_MAYBE,
    includeSpec=_MAYBE,
    includeObjectMeta=_MAYBE,
    includeTypeMeta=_MAYBE,
)
_KEY: Final = _struct(secretRef=Pointer(_struct(name=TEXT, namespace=TEXT)), data=TEXT, kms=TEXT, hashAlgorithm=TEXT)
_KEYLESS: Final = Struct(
    {
        "url": Pointer(URL),
        "identities": Slice(_struct(issuer=TEXT, subject=TEXT, issuerRegExp=TEXT, subjectRegExp=TEXT)),
        "ca-cert": Pointer(_KEY),
        "trustRootRef": TEXT,
        "insecureIgnoreSCT": _MAYBE,
    },
    strict=True,
)
_AUTHORITY: Final = _struct(
    name=TEXT,
    key=Pointer(_KEY),
    keyless=Pointer(_KEYLESS),
    static=Pointer(_struct(action=TEXT, message=TEXT)),
    source=Slice(_struct(oci=TEXT, signaturePullSecrets=Slice(_struct(name=TEXT)), tagPrefix=Pointer(TEXT))),
    ctlog=Pointer(_struct(url=Pointer(URL), trustRootRef=TEXT)),
    attestations=Slice(_struct(name=TEXT, predicateType=TEXT, policy=Pointer(_POLICY))),
    rfc3161timestamp=Pointer(_struct(trustRootRef=TEXT)),
    signatureFormat=TEXT,
)
_REQUIREMENT: Final = _struct(key=TEXT, operator=TEXT, values=Slice(TEXT))
_SELECTOR: Final = _struct(matchLabels=TextMap(), matchExpressions=Slice(_REQUIREMENT))
CLUSTER_IMAGE_POLICY: Final = _struct(
    kind=TEXT,
    apiVersion=TEXT,
    metadata=METADATA,
    spec=_struct(
        images=Slice(_struct(glob=TEXT)),
        authorities=Slice(_AUTHORITY),
        policy=Pointer(_POLICY),
        mode=TEXT,
        match=Slice(_struct(group=TEXT, version=TEXT, resource=TEXT, selector=Pointer(_SELECTOR))),
    ),
    status=_STATUS,
)
"""Read strictly: what is no field of it is refused."""


def _lenient(**fields: GoType) -> Struct:
    return Struct(fields)


_LOG: Final = _lenient(baseURL=URL, hashAlgorithm=TEXT, publicKey=OCTETS)
_CA: Final = _lenient(subject=_lenient(organization=TEXT, commonName=TEXT), uri=URL, certChain=OCTETS)
TRUST_ROOT: Final = _lenient(
    kind=TEXT,
    apiVersion=TEXT,
    metadata=_lenient(name=TEXT, labels=TextMap(), annotations=TextMap()),
    spec=_lenient(
        remote=Pointer(_lenient(root=OCTETS, mirror=URL, targets=TEXT, trustedRootTarget=TEXT)),
        repository=Pointer(_lenient(root=OCTETS, mirrorFS=OCTETS, targets=TEXT, trustedRootTarget=TEXT)),
        sigstoreKeys=Pointer(
            _lenient(
                certificateAuthorities=Slice(_CA),
                tLogs=Slice(_LOG),
                ctLogs=Slice(_LOG),
                timestampAuthorities=Slice(_CA),
            )
        ),
    ),
)
"""Read leniently: what is no field of it is left out, and numbers are texts where texts are wanted."""
