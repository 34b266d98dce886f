"""The way of a call from a client to the emulator in this process."""
