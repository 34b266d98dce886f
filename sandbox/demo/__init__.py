"""`make demo`: a simulated organization names its instances, and every step is checked."""
