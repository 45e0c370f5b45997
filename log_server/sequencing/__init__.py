"""Between the processes that accept entries and the thread that sequences them: a local socket and its frames."""
