FROM python:3.11-slim

ENV PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

COPY requirements.txt /app/
RUN pip install --no-cache-dir --requirement /app/requirements.txt

COPY . /app/
RUN useradd --system --uid 10001 --create-home parley \
    && install --directory --owner=parley --group=parley /data

# Settings look for .env and for the SQLite file in the working directory.
WORKDIR /data
VOLUME /data
USER parley
EXPOSE 8000

# Not through a proxy that the environment names.
HEALTHCHECK --interval=10s --timeout=8s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import ProxyHandler, build_opener; \
build_opener(ProxyHandler({})).open('http://127.0.0.1:8000/health', timeout=7)"]

# exec: the server itself has to hear SIGTERM, to let running answers end. Arguments go to it.
ENTRYPOINT ["sh", "-c", "python /app/manage.py migrate --verbosity 0 && \
exec python -m chatproject --host 0.0.0.0 --port 8000 \"$@\"", "parley"]
