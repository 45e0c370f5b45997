"""Certificate transparency (RFC 6962, C2SP static-ct-api): the structures that are signed, hashed and stored."""
