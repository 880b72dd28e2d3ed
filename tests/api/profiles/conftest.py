from tests.api.warehoused import operator, tenant

__all__ = ["operator", "tenant"]
