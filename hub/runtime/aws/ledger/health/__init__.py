"""The rows of the ledger about the path from an event to a record."""
