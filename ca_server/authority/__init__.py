"""The authority: the certificates it issues under, and where their keys are."""
