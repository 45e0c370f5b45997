"""The Merkle tree of transparency logs (RFC 6962 section 2.1): hashes, proofs, growing, and the tiles it is kept in."""
