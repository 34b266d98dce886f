"""The policies of whoever deploys: what the command calls, and what CloudFormation does in its name."""
