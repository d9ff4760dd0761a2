"""Nobody's in particular: text with a header, Parquet with columns, single trades."""
