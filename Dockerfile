# Two stages: pip and what only building needs stay in the first. Neither has a compiler.
FROM python:3.11.16-slim-bookworm AS build
WORKDIR /build
# pip lives in an environment of its own and installs into the other one, which so never holds it.
RUN python -m venv /opt/pip && python -m venv --without-pip /opt/paseo-watch
# setuptools at the version and with the hashes that the development lock has for it: what comes as source is built with
# it, and nothing is fetched that no lock knows.
COPY requirements.lock requirements-dev.lock ./
RUN awk '/^[^ #]/ { wanted = /^setuptools==/ } wanted' requirements-dev.lock > setuptools.lock \
 && /opt/pip/bin/pip install --no-cache-dir --require-hashes --requirement setuptools.lock \
 && /opt/pip/bin/pip wheel --no-cache-dir --no-build-isolation --wheel-dir wheels \
      --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY paseo_watch ./paseo_watch
RUN /opt/pip/bin/pip wheel --no-cache-dir --no-build-isolation --wheel-dir wheels --no-deps . \
 && /opt/pip/bin/pip --python /opt/paseo-watch/bin/python install --no-compile --no-index --no-deps wheels/*.whl
# Bytecode is made here, since the service may write nowhere but to its volume. It is bound to no time stamp, so that
# copying does not make it stale. The tests of other people's packages are not needed.
RUN find /opt/paseo-watch/lib -type d '(' -name tests -o -name test ')' -prune -exec rm -r '{}' + \
 && /opt/paseo-watch/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/paseo-watch/lib

FROM python:3.11.16-slim-bookworm
LABEL org.opencontainers.image.title="paseo-watch" \
      org.opencontainers.image.description="Watches Polkadot-SDK networks, Paseo first" \
      org.opencontainers.image.licenses="Apache-2.0"
# Fixed numbers: whoever owns a mounted folder has to know them.
RUN groupadd --gid 10001 paseo-watch \
 && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /var/lib/paseo-watch \
      --shell /usr/sbin/nologin paseo-watch \
 && install --directory --owner 10001 --group 10001 --mode 0700 /var/lib/paseo-watch
COPY --from=build /opt/paseo-watch /opt/paseo-watch
ENV PATH=/opt/paseo-watch/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PASEO_WATCH_HEALTH=http://127.0.0.1:9615/healthz
USER 10001:10001
WORKDIR /var/lib/paseo-watch
VOLUME /var/lib/paseo-watch
EXPOSE 9615
# From inside: 127.0.0.1 is reached whether http.listen is 127.0.0.1:9615 (the default) or 0.0.0.0:9615. Who sets another
# port sets PASEO_WATCH_HEALTH too. No proxy: one of the environment would be asked for 127.0.0.1.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", "import os, urllib.request as u; \
u.build_opener(u.ProxyHandler({})).open(os.environ['PASEO_WATCH_HEALTH'], timeout=4)"]
ENTRYPOINT ["paseo-watch"]
CMD ["run"]
