"""The same records in every format, compression and storage, through the whole service."""
