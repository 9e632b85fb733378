"""From evidence to a flag, a message with its chart, and a human's decision."""
