"""How records are encoded in files, one module for each format."""
