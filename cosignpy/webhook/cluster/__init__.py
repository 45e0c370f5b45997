"""The API server: where it is, what is asked of it, objects that are followed, and who of several replicas leads."""
