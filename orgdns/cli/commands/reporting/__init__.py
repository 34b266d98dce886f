"""The subcommand that writes the report on an installation."""
