"""Pages for people who look into the log."""
