"""What `python -m cosignpy.stack.devidp` can do."""
