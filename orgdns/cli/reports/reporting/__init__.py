"""What the report on an installation says, worked out from what the ledger, StackSets and CloudWatch say. Pure."""
