"""CloudWatch: metrics of functions, queues and rules, alarms that fire, dashboards."""
