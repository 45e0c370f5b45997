"""An OCI registry for demos and tests: the distribution spec 1.1, strictly, with switches that break it."""
