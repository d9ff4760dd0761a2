"""Bars that rest in a PostgreSQL server, in tables that anybody may query."""
