"""The certificates that the API server knows the webhook by: made, renewed, handed to the server, put into bundles."""
