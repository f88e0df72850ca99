"""The transcript log: one DynamoDB item for each message, written beside the conversations.

`history` tells what is new, `items` what an item looks like, `writer` gets items to a table from a
thread of its own, `table` is the table, and `log` listens to the runtime. Knows no agent.
"""
