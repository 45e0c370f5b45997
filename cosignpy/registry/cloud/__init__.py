"""Credentials that a cloud gives to whoever runs in it, for the registries that are its own."""
