"""One conversation: the client's WebSocket, the answers, the record."""
