"""The only home of type semantics."""
