"""Stacks as CloudFormation's API shows them: change sets, operations that can be watched, events, and rollbacks."""
