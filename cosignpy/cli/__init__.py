"""The command line: flags in, a request to an operation, its result rendered. No decisions of its own."""
