"""One module for each provider of models: its request, its stream, its errors; no policy.

Each has `create(name, model, access, options) -> Model`, called on the running event loop; heavy
imports are inside it, so that a missing package is noticed by whoever chose the provider.
"""
