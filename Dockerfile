FROM python:3.11-slim-bookworm AS environment
RUN python -m venv /opt/venv
COPY requirements/production.txt .
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r production.txt

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CHIMERA_PRODUCTION=yes \
    CHIMERA_HOME=/var/lib/chimera
# A volume mounted on the home takes its owner from here.
RUN useradd --system --uid 10001 --no-create-home --home-dir $CHIMERA_HOME chimera \
    && install --directory --owner=chimera --group=chimera --mode=700 $CHIMERA_HOME
COPY --from=environment /opt/venv /opt/venv
WORKDIR /srv/chimera
COPY . .
RUN python -m compileall -q .
USER chimera
EXPOSE 8000
# Threads wait for the database, not for the processor. The heartbeat needs a disk of memory.
CMD ["gunicorn", "trial.wsgi", "--bind=0.0.0.0:8000", "--worker-class=gthread", "--workers=2", "--threads=8", \
     "--worker-tmp-dir=/dev/shm", "--no-control-socket"]
