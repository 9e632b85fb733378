"""The command line: parses and prints, and nothing else."""
