"""Rekor v1's entry kinds, one module each: a proposed entry in, a verified canonical body out."""
