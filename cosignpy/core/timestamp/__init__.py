"""Timestamps (RFC 3161): requests, answers, the tokens in them, and what a token proves."""
