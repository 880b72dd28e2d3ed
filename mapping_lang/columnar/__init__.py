"""From a plan to Arrow kernels: the same values and the same mistakes as `scalar`, by column.

Exactness is kept in one way only. A kernel computes a whole column and marks as doubtful every
record on which it, or a guard before it, is not known to give what the scalar function gives. The
scalar function of the node then decides those, one by one; where it refuses a value, the record is
odd. Odd records go through the scalar program, which says why they are rejected. So a kernel may
give up on a record whenever it is in doubt, but must never be wrong on one that it keeps.

Guards look for a proof about the whole column before they look at single records: which bytes occur
in its text at all, whether all values are equally long, the least and the greatest value.

What is lazy in the language stays lazy for everything that can fail or is slow: a kernel runs over
the whole column, but doubts, and nodes without a kernel, are looked at only in the records in which
the node is evaluated (`demand`).
"""
