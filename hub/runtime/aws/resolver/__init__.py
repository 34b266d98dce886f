"""What decides the answers of a VPC's Resolver, read through each account's reader role."""
