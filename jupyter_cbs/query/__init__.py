"""Queries: one locked DuckDB process per kernel session, its gate, tables with evidence."""
