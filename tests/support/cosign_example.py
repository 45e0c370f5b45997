"""One image signed with one throw-away P-256 key, in both formats: bytes that cosign itself writes and accepts."""

from typing import Final

from cosignpy.core.digest import Digest
from cosignpy.core.encoding import decode_b64
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.oci.manifest import OCI_MANIFEST, Descriptor

KEY: Final = PublicKey.parse_pem(b"""-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+evkZBR8wQLZIyTQmdknwaUOQtV6
CKEW/+wKKYGdjGVwuvfRKIiQKmoMHWet0QMSPIWatpv46UMck4STDUt+7g==
-----END PUBLIC KEY-----
""")
HEX: Final = "c04be4648dbb74200e06e05fc7a293c979cd29e2cd07e1afd0664863530dc547"
IMAGE: Final = Digest("sha256", HEX)
SUBJECT: Final = Descriptor(OCI_MANIFEST, IMAGE, 1573)
NAME: Final = "registry.example/team/app"

STATEMENT: Final = (
    b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"' + HEX.encode() + b'"},'
    b'"annotations":{}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}'
)
BUNDLE_SIGNATURE: Final = decode_b64(
    "MEUCIDMM8yWJjjcznuG8gw2sntNYGddClor2beklue4BkU8VAiEAnbxmKwx29r/jrrMtCRjSecEJxqtqf91imO3WRxLqdI0=", what="test"
)
BUNDLE: Final = (
    b'{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":'
    b'"05SQkbF4CePAkOtww1krLOICD7i1CByZIgVlp+sZkPQ="}},"dsseEnvelope":{"payload":"eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5'
    b"pby9TdGF0ZW1lbnQvdjEiLCJzdWJqZWN0IjpbeyJkaWdlc3QiOnsic2hhMjU2IjoiYzA0YmU0NjQ4ZGJiNzQyMDBlMDZlMDVmYzdhMjkzYzk3OWN"
    b"kMjllMmNkMDdlMWFmZDA2NjQ4NjM1MzBkYzU0NyJ9LCJhbm5vdGF0aW9ucyI6e319XSwicHJlZGljYXRlVHlwZSI6Imh0dHBzOi8vc2lnc3RvcmU"
    b'uZGV2L2Nvc2lnbi9zaWduL3YxIiwicHJlZGljYXRlIjp7fX0=","payloadType":"application/vnd.in-toto+json","signatures":'
    b'[{"sig":"MEUCIDMM8yWJjjcznuG8gw2sntNYGddClor2beklue4BkU8VAiEAnbxmKwx29r/jrrMtCRjSecEJxqtqf91imO3WRxLqdI0="}]}}'
)
BUNDLE_MANIFEST: Final = Digest.parse("sha256:42778929ced952a29ba65a0264c8013df39a7d721bd607b5cfe667df28d8048f")

PAYLOAD: Final = (
    b'{"critical":{"identity":{"docker-reference":"registry.example/team/app"},"image":{"docker-manifest-digest":'
    b'"sha256:' + HEX.encode() + b'"},"type":"cosign container image signature"},"optional":null}'
)
PAYLOAD_SIGNATURE: Final = decode_b64(
    "MEQCIB4QhDJky3o178zaEoZFwyGC1SAO3N/dJB42gKItRfDrAiBASACW8fjJywq9t8z3kNUNaA4YnTmI1/w9ug3/fGbXYw==", what="test"
)
SIGNATURE_IMAGE: Final = Digest.parse("sha256:1b8ef7e4f71cd5415986e1de143f4d2899cdf4fd625ab11af00dd4a7e770cd2f")
SIGNATURE_IMAGE_CONFIG: Final = Digest.parse("sha256:ae7753e40e1c011504408cbf2fe7ce58fc89453bf8085a30ebe43a525fa2e642")
