"""Who had which name, instance or address, from when to when, and why it moved. Pure."""
