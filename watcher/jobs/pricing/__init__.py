"""Marks of open positions, and prices that no quote token tells."""
