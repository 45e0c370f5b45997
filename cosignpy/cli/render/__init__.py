"""Results and errors as a person or a program wants to read them."""
