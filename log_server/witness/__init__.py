"""Witnesses: asking them to cosign our checkpoints, and being one for other logs (C2SP tlog-witness, tlog-policy)."""
