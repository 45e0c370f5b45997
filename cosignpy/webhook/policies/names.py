"""What a policy names elsewhere, so that a change of it is a change of the policy."""

from collections.abc import Callable

from cosignpy.imagepolicy.completeness import texts_of, trusting
from cosignpy.imagepolicy.model import Authority, ImagePolicyDocument, Key, Keyless, Remote, SecretRef, Source
from cosignpy.values import replace, value


@value
class Names:
    """What a policy names.

    Attributes:
        secrets: Secrets of the webhook's own namespace, with keys.
        config_maps: ConfigMaps there, and the entries of each that are named.
        trust_roots: TrustRoots.
        texts: Texts on the web.
        keys: References to keys in a KMS.
    """

    secrets: tuple[str, ...] = ()
    config_maps: tuple[tuple[str, str], ...] = ()
    trust_roots: tuple[str, ...] = ()
    texts: tuple[Remote, ...] = ()
    keys: tuple[str, ...] = ()


def names_of(policy: ImagePolicyDocument) -> Names:
    """Return what a policy names, each once, in its order."""
    texts = texts_of(policy)
    parts = [part for authority in policy.authorities for part in trusting(authority)]
    signers = [authority.signer for authority in policy.authorities]
    references = [each.config_map_ref for each in texts if each.config_map_ref is not None]
    return Names(
        tuple(dict.fromkeys([each.name for signer in signers for each in _secrets_of(signer)])),
        tuple(dict.fromkeys([(each.name, each.key) for each in references])),
        tuple(dict.fromkeys([part.trust_root_ref for part in parts if part.trust_root_ref])),
        tuple(dict.fromkeys([each.remote for each in texts if each.remote is not None])),
        tuple(dict.fromkeys([each.kms for each in signers if isinstance(each, Key) and each.kms])),
    )


def _secrets_of(signer: object) -> list[SecretRef]:
    if isinstance(signer, Key) and signer.secret_ref is not None:
        return [signer.secret_ref]
    certificate = signer.ca_cert if isinstance(signer, Keyless) else None
    return [] if certificate is None or certificate.secret_ref is None else [certificate.secret_ref]


def pull_secrets_of(policy: ImagePolicyDocument) -> tuple[tuple[str, ...], ...]:
    """Return the Secrets that signatures are fetched with, for each source that names any.

    They are those of the namespace where the image is to run.
    """
    sources = [each.source for each in policy.authorities if each.source is not None]
    return tuple(dict.fromkeys([each.signature_pull_secrets for each in sources if each.signature_pull_secrets]))


def lend_pull_secrets(policy: ImagePolicyDocument, find: Callable[[tuple[str, ...]], str]) -> ImagePolicyDocument:
    """Return a policy whose sources are asked with credentials; `find` returns Docker's configuration for Secrets.

    Raises:
        CosignError: What `find` raises.
    """

    def lend(source: Source | None) -> Source | None:
        if source is None or not source.signature_pull_secrets:
            return source
        return replace(source, docker_config=find(source.signature_pull_secrets))

    def with_source(authority: Authority) -> Authority:
        return replace(authority, source=lend(authority.source))

    return replace(policy, authorities=tuple([with_source(each) for each in policy.authorities]))
