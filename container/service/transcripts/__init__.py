"""The transcript log: one DynamoDB item for each message, written beside the conversations.

`log` listens to the runtime on the event loop and hands `events` to the `intake`. In a thread of
its own the `scribe` makes `items` of them, redacted, which stand encoded (`entries`) in the
`buffer` until the `writer`'s thread has them in the `table`. `pipeline` puts all of this together,
and `restore_lines` prints what could not be written. Knows no agent.
"""
