"""What runs when a command of ours runs: the data directory, the database, processes, HTTP."""
