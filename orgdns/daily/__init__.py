"""The function of the hub that writes the report and exports every day, for people without the command."""
