"""Policies of a cluster: from the objects that are watched to what is decided by, and to what their statuses say."""
