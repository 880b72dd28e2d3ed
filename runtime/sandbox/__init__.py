"""The wall around users' functions: guests inside, the host outside, and what passes between."""
