"""Why names change, and how the ledger knows what zones hold."""
