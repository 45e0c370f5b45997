"""The client of The Update Framework: what to believe when verifying, and whom to ask when signing.

A mirror serves `trusted_root.json` and `signing_config.v0.2.json` under metadata that expires. `cache` is the way in;
it imports the framework itself (`update`) only when something has to be fetched.
"""
