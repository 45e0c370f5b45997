"""The contract of API servers: the same assertions for ours and for the real one."""
