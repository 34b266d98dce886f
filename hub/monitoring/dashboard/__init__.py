"""The dashboard of the hub, as lists of widgets: from left to right and from top to bottom, as an event travels."""
