"""What the commands tell: tables, pages and the studies behind them."""
