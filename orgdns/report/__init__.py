"""The report on an installation: what it says, as values, as JSON, and as one HTML file."""
