"""Capabilities that stacks wire together."""
