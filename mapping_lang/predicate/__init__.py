"""Filters as data: read and checked, matched record by record or over the columns of a batch."""
