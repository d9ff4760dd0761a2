"""Who looks at a live day from outside of its rooms."""
