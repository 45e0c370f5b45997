"""Whose tokens are believed, and whom they name."""
