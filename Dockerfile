# Ghost as a container: one image for the web server (default), the worker (`python manage.py qcluster`) and commands.
# Everything that changes lies in /srv/ghost/var; the rest may be read-only.

FROM python:3.13-slim-bookworm AS packages
WORKDIR /srv/ghost
COPY requirements.txt ./
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.txt

FROM python:3.13-slim-bookworm
# git, ssh and rsync bring the site to where readers find it; pg_dump makes backups, where PostgreSQL is used.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends git openssh-client postgresql-client rsync \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /srv/ghost/var/home --shell /usr/sbin/nologin ghost
WORKDIR /srv/ghost
COPY --from=packages /srv/ghost/.venv .venv
COPY . .
# Nothing is compiled later: the file system may be read-only.
RUN .venv/bin/python -m compileall -q ghost teams resources dht builds manage.py \
    && install -d -o ghost -g ghost -m 0711 var
ENV PATH=/srv/ghost/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GHOST_ENV_FILE=/dev/null \
    HOST=0.0.0.0 \
    PORT=8000
USER 10001
VOLUME /srv/ghost/var
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s \
    CMD ["python", "deploy/container_health.py"]
STOPSIGNAL SIGTERM
CMD ["gunicorn", "--config", "python:ghost.core.server.options"]
