"""What the product can be told: a table of settings, and how they are read."""
