"""IAM: what policies allow, and a guard that holds the project's roles to them."""
