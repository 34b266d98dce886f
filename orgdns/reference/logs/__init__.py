"""The messages that the functions write to their logs."""
