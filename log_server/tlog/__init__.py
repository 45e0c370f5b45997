"""The log itself: how entries get an index, a place in the tree and a checkpoint."""
