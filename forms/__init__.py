"""What people fill in: settings, read by tables of rules."""
