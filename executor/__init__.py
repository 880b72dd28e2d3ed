"""What carries a run: it knows neither HTTP nor the tables of the API."""
