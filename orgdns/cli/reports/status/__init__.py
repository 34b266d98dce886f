"""The state of spokes, zones and the path: what needs a person, worst first, and how far sweeps have come. Pure."""
