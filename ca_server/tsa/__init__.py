"""The timestamp authority (RFC 3161): what it stamps, by which clock, and how it answers."""
