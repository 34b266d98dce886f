"""What the functions write for people, as data with its meaning: the source of docs/metrics.md and docs/logs.md."""
