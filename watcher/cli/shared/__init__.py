"""What several commands share: configuration and database, options, and how things are printed."""
