"""What machines ask of a process: whether it lives, whether it can work, how it is doing."""
