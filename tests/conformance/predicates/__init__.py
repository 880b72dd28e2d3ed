"""What entries of the table ask of a vector when a regular expression cannot say it."""
