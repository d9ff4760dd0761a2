"""What may be asked and commanded, as methods; every answer is a future."""
