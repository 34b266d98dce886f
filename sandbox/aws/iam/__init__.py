"""IAM: what policies allow, and a guard that enforces the policies of the project's roles."""
