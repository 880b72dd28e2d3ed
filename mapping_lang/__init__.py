"""The language of data: types, values, batches, filters. Pure and total, without I/O."""
