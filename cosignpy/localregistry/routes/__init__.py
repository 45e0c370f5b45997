"""The endpoints of the distribution spec 1.1, one module per kind of content."""
