# trackwatch as a service: `docker build -t trackwatch .`, then `docker run --rm trackwatch demo`.
# What other stores than DuckDB, SQLite and PostgreSQL need is an extra: `--build-arg EXTRAS=snowflake,bigquery`.
FROM python:3.11-slim AS build
ARG EXTRAS=""
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY checks checks
COPY config config
COPY monitor monitor
RUN python -m venv /opt/trackwatch \
    && pip wheel --no-cache-dir --no-deps --wheel-dir dist . \
    && /opt/trackwatch/bin/pip install --no-cache-dir "$(ls dist/*.whl)${EXTRAS:+[$EXTRAS]}"

FROM python:3.11-slim
COPY --from=build /opt/trackwatch /opt/trackwatch
RUN useradd --uid 10001 --create-home --home-dir /srv/trackwatch trackwatch
ENV PATH=/opt/trackwatch/bin:$PATH \
    PYTHONUNBUFFERED=1
# the configuration is mounted at /srv/trackwatch/config; nothing is written below it
WORKDIR /srv/trackwatch
USER 10001
EXPOSE 8420
# pages that are switched off (web: {enabled: false}) answer nobody: then run with --no-healthcheck
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8420/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["trackwatch"]
CMD ["serve"]
