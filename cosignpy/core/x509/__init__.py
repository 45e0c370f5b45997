"""Certificates (RFC 5280) as Sigstore uses them: who is named, what Fulcio says of them, who issued whom."""
