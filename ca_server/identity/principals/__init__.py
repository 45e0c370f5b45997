"""What claims become in a certificate, for each type of issuer."""
