"""Where bars come from now."""
