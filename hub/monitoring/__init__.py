"""What watches the hub: its alarms. Each description says what to do, and names its page in the runbook."""
