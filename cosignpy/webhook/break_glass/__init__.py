"""Exceptions for emergencies: signed, for images of a namespace, for a few hours, and never unnoticed."""
