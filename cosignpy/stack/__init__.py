"""A Sigstore of one's own: the parts that run beside the certificate authority and the log."""
