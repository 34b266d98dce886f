"""Brings the stacks into the accounts: their templates, and what deploys them.

The only package of the command that knows the stacks. A subcommand that deploys imports it when it runs.
"""
