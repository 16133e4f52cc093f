"""Scanners of finished files, one module per kind of file, and the checks they share."""
