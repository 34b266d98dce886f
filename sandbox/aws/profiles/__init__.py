"""Route 53 Profiles: their rules, their sharing by AWS RAM, and the bridge that gives the emulator the service."""
