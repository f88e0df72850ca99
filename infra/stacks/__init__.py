"""The stacks: each wires constructs together and knows only the stacks before it."""
