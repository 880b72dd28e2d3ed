"""The control plane: what people configure over HTTP, and the store that holds it."""
