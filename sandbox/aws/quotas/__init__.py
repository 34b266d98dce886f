"""The quotas that a deployment meets: the rules, and the bridge that enforces them."""
