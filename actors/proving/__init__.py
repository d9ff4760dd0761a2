"""Whether a strategy sees the future: it is run again and again in worlds whose future is another one."""
