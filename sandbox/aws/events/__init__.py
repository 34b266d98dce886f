"""EC2's events and EventBridge's delivery of them."""
