"""What the sources of the functions say of their logs and metrics."""
