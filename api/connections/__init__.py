"""Connections: connectors configured in a workspace, as source or destination."""
