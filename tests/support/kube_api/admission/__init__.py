"""The admission chain: webhooks that may change objects, then those that may only refuse them."""
