"""Pure ground: sessions, gaps, aggregation, metrics and what makes a bar sane. No threads, no clocks, no frames."""
