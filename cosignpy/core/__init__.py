"""Formats, mathematics and decisions. Pure: bytes and times in, values or exceptions out."""
