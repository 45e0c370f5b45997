"""The commands of `python -m ca_server`."""
