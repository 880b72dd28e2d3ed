from tests.api.pipelines.conftest import api, compiler

__all__ = ["api", "compiler"]
