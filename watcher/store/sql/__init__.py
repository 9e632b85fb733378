"""The database itself: how it is opened, its tables, and writing many rows."""
