"""CloudFormation: stacks and stack sets, strictly."""
