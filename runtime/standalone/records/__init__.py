"""Records from files and standard input, whatever their format; a bad one is no reason to stop."""
