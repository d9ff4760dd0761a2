"""An import that several processes share, a day each at a time."""
