"""The adapters of the backlog: its queue, and the rows that bring its names back."""
