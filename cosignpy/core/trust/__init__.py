"""Whom to believe and where to ask: trusted roots and signing configs (protobuf-specs, sigstore_trustroot.proto)."""
