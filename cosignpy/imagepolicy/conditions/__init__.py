"""Conditions over a JSON document: in Rego, CUE and CEL, and on single fields."""
