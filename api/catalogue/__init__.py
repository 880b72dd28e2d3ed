"""What an installation offers: connectors, and platforms of warehouses."""
