"""The Lambda functions, each a folder with its `handler.py`; they never import the container."""
