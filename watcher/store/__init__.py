"""The only room that talks to the database. One file per noun; functions take a connection and return records."""
