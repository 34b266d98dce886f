"""EC2's events, and how EventBridge delivers them."""
