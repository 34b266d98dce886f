"""What history keeps of the changes of the ledger."""
