"""The Resolver of a VPC: what a name resolves to there, and a DNS server that says so."""
