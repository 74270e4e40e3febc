"""What `run.py bench NAME` runs: each benchmark ends with one line of JSON."""
