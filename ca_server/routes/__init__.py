"""What clients speak to: Fulcio's interface, and that of a timestamp authority."""
