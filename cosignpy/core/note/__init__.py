"""Signed notes (C2SP signed-note), and what logs and witnesses sign with them: checkpoints and cosignatures."""
