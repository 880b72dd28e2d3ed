"""The API's hold of the runtime: mappings and functions are compiled and tried out through it."""
