"""Reading chains and files, and committing what was read."""
