"""Presses and commands from Telegram, taken down in the database."""
