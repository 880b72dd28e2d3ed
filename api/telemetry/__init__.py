"""What people see of a process: logs, metrics, traces, and the id that ties them together."""
