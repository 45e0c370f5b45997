"""The commands of `python -m log_server`."""
