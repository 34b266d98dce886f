"""What `orgdns destroy` removes: stacks in the reverse order, and records and associations if that is wanted."""
