"""What CloudWatch documents of metrics, alarms and dashboards. Pure."""
