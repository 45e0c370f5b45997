"""The admission webhook: only images that policies let pass run in a Kubernetes cluster."""
