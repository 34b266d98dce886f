"""A DNS name in shared Route 53 private hosted zones for every EC2 instance of an AWS Organization."""

from typing import Final

__version__: Final = "0.1.0"
