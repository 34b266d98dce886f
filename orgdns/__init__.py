"""A DNS name in shared Route 53 private hosted zones for every EC2 instance of an AWS Organization."""

__version__ = "0.1.0"
