"""A certificate authority and a timestamp authority that Fulcio and TSA clients understand."""
