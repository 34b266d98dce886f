"""What the publisher reports about itself and about the zones: heartbeats, stalls, and closed zones."""
