"""Blocks, logs and token movements as exact values: what every other room of a chain reads."""
