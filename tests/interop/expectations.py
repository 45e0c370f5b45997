"""What the matrix must show: everybody verifies everybody, but for what a peer cannot do, each with its reason."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.interop.matrix import Cell
from tests.interop.programs import NO_MATCH, UNSIGNED, Format, Tool

COSIGN_FAILURE: Final = 1
"""cosign's exit code for every failure of the bundle path."""

_HASHES: Final = (
    "cosign hashes with the function paired with the curve (SHA-384, SHA-512) when it signs, and with SHA-256 when it "
    "verifies by `--key`: it refuses its own signatures, unless told the hash by `--signature-digest-algorithm`. "
    "cosignpy signs by the registered pairing, reads both, and needs no telling."
)
_PREHASHED: Final = (
    "cosign signs with Ed25519ph and verifies plain Ed25519: it refuses its own signatures. cosignpy signs with plain "
    "Ed25519, which cosign verifies, and reads both."
)
PEER_LIMITS: Final[Mapping[tuple[Tool, str], str]] = MappingProxyType(
    {
        **{(signer, key): _HASHES for signer in Tool for key in ("P-384", "P-521")},
        (Tool.V3, "Ed25519"): _PREHASHED,
        (Tool.V2, "Ed25519"): _PREHASHED,
    }
)
"""What no cosign verifies, by who signed and with which kind of key."""


def peer_limit(cell: Cell) -> str:
    """Return why the verifier of a cell is known to fail; empty if it must succeed."""
    return "" if cell.verifier is Tool.OURS else PEER_LIMITS.get((cell.signer, cell.key), "")


def exit_code_of_no_match(cell: Cell) -> int:
    """Return what the verifier exits with when signatures are there and none counts."""
    return COSIGN_FAILURE if cell.verifier is not Tool.OURS and cell.format is Format.BUNDLE else NO_MATCH


def exit_code_of_unsigned(cell: Cell) -> int:
    """Return what the verifier exits with when there is no signature at all."""
    return COSIGN_FAILURE if (cell.verifier, cell.format) == (Tool.V2, Format.BUNDLE) else UNSIGNED
