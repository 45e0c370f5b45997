"""What `import cosignpy` offers: signing and verifying in a call each, over the operations and their adapters."""
