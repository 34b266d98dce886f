"""The rows of the ledger about what zones hold: what is published under a name, and what others changed."""
