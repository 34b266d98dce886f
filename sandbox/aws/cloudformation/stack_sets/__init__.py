"""StackSets as CloudFormation's API shows them: their instances, and the progress of their operations."""
