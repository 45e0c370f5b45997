"""ClusterImagePolicy: which images must be signed by whom. One engine for the command line and for admission."""
