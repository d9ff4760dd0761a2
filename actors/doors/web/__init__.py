"""A run, or a store, in the browser: an HTTP server of one process, the page, and what it shows."""
