"""What needs attention, decided once for metrics, alarms and the command. Pure."""
