"""OCI image and distribution formats: names, manifests, referrers and cosign's attachment tags."""
