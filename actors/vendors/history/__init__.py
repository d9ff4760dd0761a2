"""History of vendors as an upstream: what each says of it, pages, pace, and whose silence is believed."""
