"""What a user wants done, one verb per module: ports in, evidence out. No sockets, no terminal."""
