"""Get what policies name and do not have: texts on the web, keys in a KMS, TrustRoots in TUF repositories.

Each is asked for once, however many policies name it, and only for policies that are decided by.
"""

from functools import partial
from typing import Protocol

from cosignpy.core.digest import Digest
from cosignpy.core.keys.public import PublicKey
from cosignpy.core.trust.trusted_root import TrustedRoot, parse_trusted_root
from cosignpy.documents import Place
from cosignpy.errors import UsageError
from cosignpy.imagepolicy.completeness import is_complete
from cosignpy.imagepolicy.model import Authority, ImagePolicyDocument, Key, Keyless, PolicyText, Remote
from cosignpy.imagepolicy.trust_roots import TrustRoot, TufRepository
from cosignpy.operations.remembered import Memory
from cosignpy.values import replace, value


class PolicySupplies(Protocol):
    """Where it is had from."""

    def fetch_text(self, url: str) -> bytes:
        """Return a text of the web, of a limited size.

        Raises:
            CosignError: It cannot be had, or is larger.
        """
        ...

    def load_key(self, reference: str) -> PublicKey:
        """Return the public key in a KMS.

        Raises:
            CosignError: It cannot be had.
        """
        ...

    def read_repository(self, repository: TufRepository) -> bytes:
        """Return the trusted root of a TUF repository, verified.

        Raises:
            CosignError: It cannot be had, or cannot be believed.
        """
        ...


def complete_policy(policy: ImagePolicyDocument, supplies: PolicySupplies, memory: Memory) -> ImagePolicyDocument:
    """Return a policy by which can be decided; the memory is that of a run, in which nothing is asked for twice.

    Raises:
        DigestMismatch: A text is not the one that is meant.
        CosignError: Something cannot be had.
    """
    if is_complete(policy):
        return policy
    return memory.ask(("completed", id(policy), policy.place), lambda: _Completion(supplies, memory).policy(policy))


@value
class _Completion:
    """Where all is had from, and what was had before."""

    supplies: PolicySupplies
    memory: Memory

    def policy(self, policy: ImagePolicyDocument) -> ImagePolicyDocument:
        authorities = tuple([self._authority(each) for each in policy.authorities])
        return replace(policy, authorities=authorities, policy=self._text(policy.policy))

    def _authority(self, authority: Authority) -> Authority:
        signer, ctlog, stamp = authority.signer, authority.ctlog, authority.rfc3161timestamp
        if isinstance(signer, Key) and signer.kms:
            signer = replace(signer, data=self.memory.ask(signer.kms, partial(self._load_key, signer)))
        elif isinstance(signer, Keyless):
            signer = replace(signer, trust_root=self._root(signer.trust_root))
        texts = [replace(each, policy=self._text(each.policy)) for each in authority.attestations]
        return replace(
            authority,
            signer=signer,
            ctlog=None if ctlog is None else replace(ctlog, trust_root=self._root(ctlog.trust_root)),
            rfc3161timestamp=None if stamp is None else replace(stamp, trust_root=self._root(stamp.trust_root)),
            attestations=tuple(texts),
        )

    def _load_key(self, key: Key) -> PublicKey:
        try:
            return self.supplies.load_key(key.kms)
        except UsageError as error:
            raise _below(key.place, "kms").error(error.problem, error.hint) from error

    def _root(self, named: TrustRoot | None) -> TrustRoot | None:
        if named is None or isinstance(named.content, TrustedRoot):
            return named
        return replace(named, content=self.memory.ask(named.content, partial(self._read_repository, named.content)))

    def _read_repository(self, repository: TufRepository) -> TrustedRoot:
        return parse_trusted_root(self.supplies.read_repository(repository))

    def _text(self, text: PolicyText | None) -> PolicyText | None:
        if text is None or text.remote is None:
            return text
        found = self.memory.ask(text.remote, partial(self._fetch_text, text.place, text.remote))
        return replace(text, data=found, text_place=Place(text.remote.url, 1))

    def _fetch_text(self, place: Place, remote: Remote) -> str:
        raw = self.supplies.fetch_text(remote.url)
        Digest("sha256", remote.sha256sum).verify(raw, what=f"{place.file}:{place.line}: {place.key}.remote")
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise _below(place, "remote").error("the text is not UTF-8") from error


def _below(place: Place, name: str) -> Place:
    return Place(place.file, place.line, f"{place.key}.{name}")
