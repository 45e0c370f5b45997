"""The Common Expression Language as Kubernetes has it: with optional fields and its libraries of functions.

The package that the product evaluates conditions with has neither. What is not known here is refused when it is
compiled.
"""
