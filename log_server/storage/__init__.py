"""Where a log keeps its bytes: objects, the journal, the index."""
