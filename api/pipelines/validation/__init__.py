"""What a definition has to be, rule by rule, in the documented order."""
