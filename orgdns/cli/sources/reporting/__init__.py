"""What only the report on an installation reads."""
