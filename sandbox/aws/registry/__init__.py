"""CloudFormation's registry of resource types."""
