"""The OCI side of the network: sessions, credentials and the places images are read from and written to."""
