"""What watches the hub: its alarms, and the dashboard that shows them and their metrics."""
