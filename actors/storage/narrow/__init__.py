"""Several days of a calendar in one file, where a day has few bars."""
