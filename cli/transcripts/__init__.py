"""`speechctl transcripts`: people read, export, delete and restore the transcript log.

`command` is the way in, `place` finds the table, and each subcommand has a module. What is read
comes from `functions.transcripts`. Transcripts are untrusted: `local.dev.visible` stands between
them and a terminal.
"""
