"""Route 53: its rules, its limits, and the bridge that adds them to the emulator."""
