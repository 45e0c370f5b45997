"""Who signs: identity tokens from where a program runs, from a browser, or from another device."""
