"""A Kubernetes API server for tests: as the real one answers, in this process, over TLS; contents are in memory."""
