"""The pictures of an alert."""
