"""Cryptographic Message Syntax (RFC 5652): signed data, as timestamp tokens and signed archives are."""
