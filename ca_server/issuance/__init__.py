"""Issuing: from a token and a key to a certificate that a log has promised to show."""
