"""Route 53 Profiles: their rules, their sharing through AWS RAM, and the bridge to the emulator."""
