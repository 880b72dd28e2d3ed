"""A PostgreSQL of our own: started by the first process that wants it, stopped after the last.

Every client holds a shared lock on one file, which the kernel releases however the client ends. A
supervisor is the parent of PostgreSQL and waits for that lock for itself; it gets it when nobody is
left. PostgreSQL holds a lock too, so that whether it lives is never a question of process ids.
"""
