"""Who had which name when: entries from the ledger's stream, and how they are kept. Pure."""
