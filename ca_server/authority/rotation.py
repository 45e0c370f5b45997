"""Exchanging what is under the root: in one step where the root's key is at hand, in three where it is kept elsewhere.

Until a folder has its chain, the server does not know of it; whatever is interrupted leaves the old pair in force.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

from ca_server.authority.directory import AuthorityDirectory, State, states_of
from ca_server.authority.hierarchy import certify
from ca_server.authority.pair_folder import REQUEST_FILE, PairFolder, load_stored_key, read_limited
from ca_server.authority.profile import Period, Role, name_under
from ca_server.authority.protocol import CertifiedKey, Chain, period_of
from ca_server.authority.rules import verify_chain, verify_key
from cosignpy.core.encoding import PemBlock
from cosignpy.core.keys.algorithms import Algorithm
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.keys.signatures import Signer
from cosignpy.core.keys.strength import refuse_weak
from cosignpy.core.x509.certificate_request import CertificateRequest
from cosignpy.core.x509.issuing import sign_request
from cosignpy.core.x509.tbs import TbsCertificate
from cosignpy.errors import UsageError
from cosignpy.files import write_file
from cosignpy.keystore.backend import Password
from cosignpy.keystore.reference import load_signer

_REQUEST_LABEL: Final = "CERTIFICATE REQUEST"


def load_root(certificate: bytes, key: Path, password: Password) -> CertifiedKey:
    """Load the root's key.

    Raises:
        CosignError: It is not there, cannot be opened, or is not that of the certificate.
    """
    signer = load_stored_key(key, password)
    verify_key((certificate,), signer, what=str(key))
    return CertifiedKey(signer, (certificate,))


def rotate(
    directory: AuthorityDirectory, role: Role, root: CertifiedKey, key: tuple[PrivateKey, bytes], period: Period
) -> PairFolder:
    """Certify a new key, which is stored with a password, and let the server have it when its time begins.

    Raises:
        UsageError: It would be valid when the root is not.
        CosignError: The root cannot sign, or something cannot be written.
    """
    private, password = key
    chain = certify(root, role, private.public_key.spki, period)
    verify_chain(chain, role, period.begin, what="the new chain")
    with directory.begin(role) as folder:
        folder.save_key(private, password)
        folder.save_chain(chain)
    return folder


def request_new(directory: AuthorityDirectory, role: Role, algorithm: Algorithm, password: bytes) -> PairFolder:
    """Make a new key and ask for its certificate: the request lies beside it.

    Raises:
        CosignError: Something cannot be written.
    """
    key = PrivateKey.generate(algorithm)
    request = encode_request(directory.read_root(), role, key)
    with directory.begin(role) as folder:
        folder.save_key(key, password)
        write_file(folder.path / REQUEST_FILE, request)
    return folder


def request_for(directory: AuthorityDirectory, role: Role, reference: str, password: Password) -> PairFolder:
    """Ask for a certificate of a key that is kept elsewhere, by its reference.

    Raises:
        CosignError: The key cannot be used, or something cannot be written.
    """
    request = encode_request(directory.read_root(), role, load_signer(reference, password))
    with directory.begin(role) as folder:
        folder.save_reference(reference)
        write_file(folder.path / REQUEST_FILE, request)
    return folder


def encode_request(root: bytes, role: Role, signer: Signer) -> bytes:
    """Make a certificate signing request, in PEM; its name is the one that the certificate will have.

    Raises:
        CosignError: The key cannot sign it, or the name is not possible.
    """
    name = name_under(root, role, signer.public_key.spki)
    return PemBlock(_REQUEST_LABEL, sign_request(name, signer)).encode()


def answer(root: CertifiedKey, role: Role, request: bytes, period: Period) -> Chain:
    """Certify what was asked for: of a request the key counts, and that its owner has it.

    Raises:
        MalformedError: Not a request.
        SignatureMismatch: Whoever wrote it does not have the key.
        KeyUnusable: The key is a weak one.
        UsageError: It would be valid when the root is not.
        CosignError: The root cannot sign.
    """
    key = CertificateRequest.parse_pem(request).verify()
    refuse_weak(key, what="key of the certificate signing request")
    chain = certify(root, role, key.spki, period)
    verify_chain(chain, role, period.begin, what="the new chain")
    return chain


def install(directory: AuthorityDirectory, role: Role, chain: Chain, now: datetime) -> PairFolder:
    """Put a chain beside the key that it was asked for with, so that the server adopts both.

    Raises:
        UsageError: Nothing was asked for with its key.
        CertificateError: It is not sound.
        CosignError: Something cannot be read or written.
    """
    verify_chain(chain, role, max(now, period_of(chain).begin), what="the new chain")
    spki = TbsCertificate.parse(chain[0]).spki
    for folder in directory.folders(role):
        request = folder.path / REQUEST_FILE
        if not folder.chain_path.exists() and request.exists():
            asked = CertificateRequest.parse_pem(read_limited(request), what=str(request))
            if asked.spki == spki:
                folder.save_chain(chain)
                return folder
    raise UsageError(
        f"no request in {directory.path / role} is for the key of this certificate",
        "`request` makes one; `show` tells which are waiting",
    )


def retire(directory: AuthorityDirectory, role: Role, number: str, now: datetime) -> PairFolder | None:
    """Tell clients of a folder no longer, and return the one that signs from now on, if that changes.

    Raises:
        UsageError: There is no such folder, it is retired, or no other could sign.
        CosignError: Something cannot be read or written.
    """
    pairs = directory.read(role)
    states = states_of(pairs, now)
    chosen = next((folder for folder in states if folder.number == number), None)
    if chosen is None or states[chosen] is State.RETIRED:
        raise UsageError(f"{directory.path / role} has no {number} that could be retired", "`show` tells what there is")
    rest = states_of([pair for pair in pairs if pair.folder != chosen], now)
    successor = next((folder for folder, state in rest.items() if state is State.ACTIVE), None)
    if states[chosen] is State.ACTIVE and successor is None:
        raise UsageError(f"nothing else is valid now, and without {number} nothing can be signed", "`rotate` first")
    chosen.retire(now)
    return successor if states[chosen] is State.ACTIVE else None
