"""VPCs as AWS has them and the emulator does not: DHCP options, and subnets that other accounts share."""
