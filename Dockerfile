FROM python:3.11-slim-trixie AS environment
RUN python -m venv /opt/venv
COPY requirements/production.txt .
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r production.txt

FROM python:3.11-slim-trixie
# `back_up` and `restore_backup` ask PostgreSQL's own programs, as new as its server (17).
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client-17 && rm -rf /var/lib/apt/lists/*
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CHIMERA_PRODUCTION=yes \
    CHIMERA_HOME=/var/lib/chimera \
    CHIMERA_BIND=0.0.0.0:8000
# A volume mounted on the home takes its owner from here.
RUN groupadd --gid 10001 chimera \
    && useradd --uid 10001 --gid chimera --no-create-home --home-dir $CHIMERA_HOME chimera \
    && install --directory --owner=chimera --group=chimera --mode=700 $CHIMERA_HOME \
    && useradd --uid 10002 --gid chimera --no-create-home --home-dir /var/lib/chimera-sealer chimera-sealer \
    && install --directory --owner=chimera-sealer --group=chimera --mode=750 /var/lib/chimera-sealer /run/sealer
COPY --from=environment /opt/venv /opt/venv
WORKDIR /srv/chimera
COPY . .
RUN python -m compileall -q .
USER chimera
EXPOSE 8000
CMD ["gunicorn", "trial.wsgi", "--config=deploy/gunicorn.conf.py"]
