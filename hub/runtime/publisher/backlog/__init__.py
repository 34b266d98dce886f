"""The backlog: names of accounts that change more names than their rate, which are published later."""
