"""The backlog: names of accounts that change names faster than their rate allows. They are published later."""
