"""Where images are: remote registries, layouts, archives, the local Docker engine."""
