"""The metrics that the functions write, and those of AWS that alarms watch."""
