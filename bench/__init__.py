"""Side-by-side benchmark of Speech Engine servers; `python -m bench --help` tells how to use it."""
