"""Tokens that the place where a program runs has ready: CI systems, clouds, workload identities, files."""
