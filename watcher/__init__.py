"""The shell: configuration, database, jobs, daemon, command line."""
