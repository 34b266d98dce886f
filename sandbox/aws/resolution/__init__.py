"""The Resolver of a VPC: what a name resolves to, and a DNS server that answers with it."""
