"""Files that name images: Dockerfiles, and manifests of Kubernetes. Nothing that names one may be missed."""
