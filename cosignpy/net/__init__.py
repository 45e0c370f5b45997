"""Process plumbing that speaks to the network: one HTTP client, and what keeps secrets out of its logs."""
