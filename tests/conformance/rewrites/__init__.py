"""How deviations compute the expectation that replaces the recorded one.

Each function says again, in the plainest way, what the cited rule says; none calls the product.
"""
