"""What `make dev` runs: platform simulator, server with reload, one log, nothing left behind."""
