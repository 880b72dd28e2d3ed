"""What a function is given: records of its input schema in the values of its language."""
