"""Rekor's formats (sigstore/rekor openapi.yaml and pkg/types, sigstore/rekor-tiles): entries, and what a log answers.

An entry body is canonical JSON (RFC 8785), because its bytes are what the log hashes. Each kind is a value that
parses only the canonical spelling, so that what was parsed encodes to the very bytes that were logged.
"""
