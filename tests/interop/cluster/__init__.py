"""A Kubernetes API server without a cluster: etcd, kube-apiserver and, where it matters, its controllers.

It knows nothing of pytest: tests, demonstrations and measurements start the same `Cluster`. There are no nodes, so Pods
stay pending; all that happens before that is real.
"""
