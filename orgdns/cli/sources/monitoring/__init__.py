"""What CloudWatch says of the hub, read with the operator's credentials."""
