"""What `make dev` runs: platform simulator, server with reload, web page, one log."""
