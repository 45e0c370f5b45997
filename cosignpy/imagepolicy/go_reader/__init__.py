"""Policies and trust roots read as Go reads them, for whoever has written them for the policy controller.

The other reader (`cosignpy.imagepolicy.parse`) is strict. Both make the same values, which one engine decides by.
"""
