"""What CloudFormation is asked: stacks and their states, change sets, events, alarms that roll an update back."""
