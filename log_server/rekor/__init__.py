"""Rekor: what the two versions accept, and how they answer."""
