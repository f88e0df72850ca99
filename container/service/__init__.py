"""The deployable server: settings, logs, signals and drain around the runtime library.

It knows nothing of AWS clients, of the platform's REST API, or of what an agent says.
"""
