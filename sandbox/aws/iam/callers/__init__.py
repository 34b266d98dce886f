"""Checks those who call the API on loopback, and what CloudFormation does in their name, against their policies."""
