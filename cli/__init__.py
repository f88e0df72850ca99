"""speechctl: the project's commands for a terminal, one module each."""
