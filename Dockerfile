# Two stages: wheels are built where a compiler is, and run where none is.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/paseo-watch \
 && /opt/paseo-watch/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY paseo_watch ./paseo_watch
RUN /opt/paseo-watch/bin/pip install --no-cache-dir setuptools \
 && /opt/paseo-watch/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/paseo-watch paseo-watch
COPY --from=build /opt/paseo-watch /opt/paseo-watch
ENV PATH=/opt/paseo-watch/bin:$PATH PYTHONUNBUFFERED=1
USER paseo-watch
WORKDIR /var/lib/paseo-watch
VOLUME /var/lib/paseo-watch
EXPOSE 9615
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9615/healthz', timeout=4)"]
ENTRYPOINT ["paseo-watch"]
CMD ["run"]
