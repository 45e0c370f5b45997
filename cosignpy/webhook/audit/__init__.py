"""Continuous audit: what runs already is decided over again when policies, keys or trust change."""
