"""What must be true of a signature before it counts, as values."""
