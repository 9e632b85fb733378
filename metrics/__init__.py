"""From trades to round trips, rolling windows, a wallet's own baseline, its peers, and evidence."""
