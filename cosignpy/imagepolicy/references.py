"""What policies name in other documents, put into them: TrustRoots, public keys in Secrets, texts in ConfigMaps.

The policy controller asks its cluster for these. Here they lie beside the policies.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from cosignpy.core.trust.trusted_root import TrustedRoot
from cosignpy.documents import DocumentError, Place
from cosignpy.errors import KeyUnusable, MalformedError
from cosignpy.imagepolicy.authorities import parse_ca_chain, parse_pem
from cosignpy.imagepolicy.cluster_objects import NAMESPACE, ConfigMap, Secret, merge_docker_configs
from cosignpy.imagepolicy.model import (
    Attestation,
    Authority,
    CaCertificate,
    CtLog,
    ImagePolicyDocument,
    Key,
    Keyless,
    PolicyText,
    Rfc3161Timestamp,
    SecretRef,
    Signer,
    Source,
)
from cosignpy.imagepolicy.parse import Resource, refuse_namesakes
from cosignpy.imagepolicy.trust_roots import TrustRoot
from cosignpy.values import replace, value

T = TypeVar("T")
Trusting = TypeVar("Trusting", Keyless, CtLog, Rfc3161Timestamp)

_BESIDE: Final = "let its document lie beside the policy"


def link_policies(resources: Iterable[Resource]) -> tuple[ImagePolicyDocument, ...]:
    """Return the policies, each with what it names in the other documents.

    Raises:
        DocumentError: Two documents have one name, one that is named is not there, or has something else in it.
    """
    known = list(resources)
    refuse_namesakes(known)
    documents = _Documents(
        {each.name: each for each in known if isinstance(each, TrustRoot)},
        tuple([each for each in known if isinstance(each, Secret)]),
        {each.name: each for each in known if isinstance(each, ConfigMap)},
    )
    return tuple([documents.link(each) for each in known if isinstance(each, ImagePolicyDocument)])


@value
class _Documents:
    """What lies beside the policies, by its names."""

    trust_roots: Mapping[str, TrustRoot]
    secrets: tuple[Secret, ...]
    config_maps: Mapping[str, ConfigMap]

    def link(self, policy: ImagePolicyDocument) -> ImagePolicyDocument:
        authorities = tuple([self._authority(each) for each in policy.authorities])
        return replace(policy, authorities=authorities, policy=self._text(policy.policy))

    def _authority(self, authority: Authority) -> Authority:
        return replace(
            authority,
            signer=self._signer(authority.signer),
            source=None if authority.source is None else self._source(authority.source),
            ctlog=None if authority.ctlog is None else self._trusting(authority.ctlog),
            rfc3161timestamp=(
                None if authority.rfc3161timestamp is None else self._trusting(authority.rfc3161timestamp)
            ),
            attestations=tuple([self._attestation(each) for each in authority.attestations]),
        )

    def _signer(self, signer: Signer) -> Signer:
        if isinstance(signer, Key) and signer.secret_ref is not None:
            return replace(signer, data=self._in_secret(signer.place, signer.secret_ref, parse_pem))
        if isinstance(signer, Keyless):
            return self._trusting(signer if signer.ca_cert is None else self._with_ca(signer, signer.ca_cert))
        return signer

    def _with_ca(self, signer: Keyless, named: CaCertificate) -> Keyless:
        """Let the certificates of `ca-cert` be what a TrustRoot with nothing else in it would be."""
        found = named.authorities
        if named.secret_ref is not None:
            found = self._in_secret(named.place, named.secret_ref, parse_ca_chain)
        root = TrustRoot(named.place, "", TrustedRoot(certificate_authorities=found))
        return replace(signer, ca_cert=replace(named, authorities=found), trust_root=root)

    def _trusting(self, named: Trusting) -> Trusting:
        if not named.trust_root_ref:
            return named
        found = self.trust_roots.get(named.trust_root_ref)
        if found is None:
            hint = f"{_BESIDE}, or leave it out and name whom to believe with --trusted-root"
            raise _missing(named.place, "trustRootRef", f"TrustRoot {named.trust_root_ref}", hint)
        return replace(named, trust_root=found)

    def _in_secret(self, place: Place, reference: SecretRef, parse: Callable[[str], T]) -> T:
        """Return what the only entry of a Secret is."""
        if reference.namespace not in {"", NAMESPACE}:
            raise _below(place, "secretRef.namespace").error("not where keys are looked for", f"allowed: {NAMESPACE}")
        found = [each for each in self.secrets if each.name == reference.name and each.namespace in {"", NAMESPACE}]
        if not found:
            raise _missing(place, "secretRef", f"Secret {reference.name}", f"{_BESIDE}, or write the key to `data`")
        entries = list(found[0].entries.values())
        if len(entries) != 1:
            why = f"the Secret {reference.name} has {len(entries)} entries"
            raise found[0].place.error(why, "exactly one, the key")
        try:
            return parse(entries[0].decode("utf-8", "replace"))
        except (KeyUnusable, MalformedError) as error:
            raise found[0].place.error(f"the Secret {reference.name}: {error.why}", error.hint) from error

    def _source(self, source: Source) -> Source:
        """Take along the credentials that are there; who verifies has others for the rest."""
        named = [each for each in self.secrets if each.name in source.signature_pull_secrets]
        try:
            return replace(source, docker_config=merge_docker_configs(named))
        except MalformedError as error:
            raise _below(source.place, "signaturePullSecrets").error(error.why) from error

    def _attestation(self, attestation: Attestation) -> Attestation:
        return replace(attestation, policy=self._text(attestation.policy))

    def _text(self, text: PolicyText | None) -> PolicyText | None:
        if text is None or text.config_map_ref is None:
            return text
        named = text.config_map_ref
        found = self.config_maps.get(named.name)
        if found is None:
            hint = f"{_BESIDE}, or write the text to `data`"
            raise _missing(text.place, "configMapRef", f"ConfigMap {named.name}", hint)
        if not found.entries.get(named.key):
            known = f"it has {', '.join(found.entries) or 'none'}"
            raise _below(text.place, "configMapRef.key").error(f"the ConfigMap has no {named.key}", known)
        return replace(text, data=found.entries[named.key], text_place=found.places[named.key])


def _missing(place: Place, name: str, what: str, hint: str) -> DocumentError:
    return _below(place, name).error(f"there is no {what}", hint)


def _below(place: Place, name: str) -> Place:
    return Place(place.file, place.line, f"{place.key}.{name}")
