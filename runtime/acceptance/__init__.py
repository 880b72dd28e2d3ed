"""What a function returned: untrusted JSON to values of its output schema, or a refusal."""
