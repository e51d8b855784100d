FROM python:3.13-slim-bookworm
WORKDIR /opt/jejak
COPY pyproject.toml requirements.lock README.md LICENSE ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY domain domain
COPY simulation simulation
COPY projections projections
COPY service_layer service_layer
COPY api api
COPY feeds feeds
COPY infra infra
COPY examples examples
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
 && useradd --system --home-dir /var/lib/jejak --create-home jejak
ENV PATH=/opt/jejak/.venv/bin:$PATH JEJAK_DATA_DIR=/var/lib/jejak JEJAK_KEY_DIR=/var/lib/jejak/keys
USER jejak
EXPOSE 8000
ENTRYPOINT ["jejak"]
CMD ["serve", "--host", "0.0.0.0"]
