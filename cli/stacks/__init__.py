"""What deploying, comparing and destroying an environment's stacks takes. Prints in plain lines."""
