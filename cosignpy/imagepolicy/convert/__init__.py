"""Policies of other admission controllers (Kyverno, Connaisseur) as policies of ours: the same demands, or more."""
