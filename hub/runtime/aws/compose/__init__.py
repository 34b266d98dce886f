"""Composes use cases with their adapters."""
