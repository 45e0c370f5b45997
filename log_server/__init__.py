"""A transparency log that speaks the protocols of Rekor and of certificate transparency."""
