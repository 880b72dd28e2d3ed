"""The OpenAPI document of the API, made from its routes, and the page that shows it."""
