# syntax=docker/dockerfile:1

# Two images from one file:
#   docker build --target runtime --tag kiln-runtime .
#   docker build --target api --tag kiln .
# The runtime's holds no driver, no HTTP client and no secret: isolation starts with what is not there.

FROM python:3.11-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN groupadd --gid 10001 kiln \
 && useradd --uid 10001 --gid kiln --home-dir /var/lib/kiln --create-home --shell /usr/sbin/nologin kiln
WORKDIR /opt/kiln
ENV PYTHONPATH=/opt/kiln PATH=/opt/kiln/.venv/bin:$PATH
RUN python -m venv .venv

FROM base AS runtime
COPY requirements/runtime.lock requirements/
RUN pip install --require-hashes --requirement requirements/runtime.lock
COPY mapping_lang mapping_lang
COPY runtime runtime
RUN python -m compileall -q mapping_lang runtime \
 && printf '#!/bin/sh\nexec python -P -m runtime.cli "$@"\n' >.venv/bin/kiln-runtime \
 && chmod 755 .venv/bin/kiln-runtime
USER 10001:10001
ENV KILN_RUNTIME_LISTEN=0.0.0.0:7433
EXPOSE 7433
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["kiln-runtime", "health"]
ENTRYPOINT ["kiln-runtime"]
CMD ["serve"]

FROM base AS api
COPY requirements/api.lock requirements/
RUN pip install --require-hashes --requirement requirements/api.lock
COPY forms forms
COPY mapping_lang mapping_lang
COPY runtime runtime
COPY connectors connectors
COPY warehouse warehouse
COPY executor executor
COPY api api
RUN python -m compileall -q forms mapping_lang runtime connectors warehouse executor api \
 && printf '#!/bin/sh\nexec python -P -m api.cli "$@"\n' >.venv/bin/kiln \
 && chmod 755 .venv/bin/kiln
USER 10001:10001
VOLUME /var/lib/kiln
ENV KILN_DATA_DIR=/var/lib/kiln KILN_LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["kiln"]
CMD ["api"]
