"""What the models of AWS's APIs, and the rules beside them, forbid."""
