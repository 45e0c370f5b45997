"""What every HTTP server here needs and none should write twice: bodies with a limit, a real port."""
