"""Ready-made agents, one file each; of the project they see the runtime library only."""
