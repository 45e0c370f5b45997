"""A development OIDC issuer: anybody gets a token for any e-mail address, so that tests and demos need no real one."""
