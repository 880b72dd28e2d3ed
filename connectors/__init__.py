"""Code that knows one kind of external system each: where bytes lie, how they encode records."""
