"""What a deployment does in the management account: steps of the organization, and the spoke stacks there."""
