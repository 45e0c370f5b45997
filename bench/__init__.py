"""Benchmarks, side by side with the real cosign."""
