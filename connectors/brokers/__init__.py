"""Message brokers. They are known, and no connection can be made with them yet (CONN-1)."""
