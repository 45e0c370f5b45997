"""Static reads: checkpoints and tiles, for clients that verify for themselves."""
