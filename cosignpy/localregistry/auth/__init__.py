"""Who may do what: HTTP basic authentication, or bearer tokens with a token endpoint of the registry's own."""
