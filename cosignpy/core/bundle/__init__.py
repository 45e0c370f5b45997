"""Sigstore bundles: the signature and everything needed to verify it, in one unit."""
