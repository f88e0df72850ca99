"""What an environment costs: dated prices, what its stacks make, and what a conversation uses.

Knows settings and prices; asks no account and no template. A test counts the stacks' resources.
"""
