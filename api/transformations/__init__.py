"""Transformations tried out before they are saved: on sample records, or one expression alone."""
