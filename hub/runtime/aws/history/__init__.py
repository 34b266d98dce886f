"""The adapter of the bucket of history."""
