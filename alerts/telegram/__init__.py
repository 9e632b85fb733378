"""Telegram's Bot API: what is sent, and what comes in."""
