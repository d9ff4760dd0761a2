"""What a store holds, copied day by day to where others query it: PostgreSQL, a DuckDB file, files of text."""
