"""CloudFormation: stacks and StackSets, with AWS's own refusals."""
