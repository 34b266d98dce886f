"""History as text."""
