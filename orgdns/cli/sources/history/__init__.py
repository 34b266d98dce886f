"""Read history with the operator's credentials."""
