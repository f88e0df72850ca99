"""Reads the transcript log: the read API, and the reader that the command line shares with it."""
