"""The textual forms of values: `parse` reads them, `format` writes them."""
