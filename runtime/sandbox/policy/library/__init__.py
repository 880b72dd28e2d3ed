"""What `import` gives in functions, and what it refuses, as tables."""
