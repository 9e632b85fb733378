"""What the detector and following are worth: false flags, returns, luck, and invented wallets to try it on."""
