"""Route 53: its rules, its limits, and the bridge that puts them around the emulator."""
