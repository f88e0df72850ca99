"""The REST interface of the simulator."""
