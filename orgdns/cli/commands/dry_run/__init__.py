"""The subcommand for what a dry run keeps back."""
