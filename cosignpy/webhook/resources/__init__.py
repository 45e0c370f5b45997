"""Admission of our own kinds: defaults, what is refused and what is warned of, and conversion between versions.

Requests in, answers out; nothing is asked of the cluster.
"""
