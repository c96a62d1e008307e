"""Showing a study: figures, tables and sentences, as a page, as files and in a terminal."""
