# The image of Jejak. The second stage contains Python, the run-time dependencies and Jejak, and no build tools.
#
# The tag of the base image is exact. To fix also its digest, pass --build-arg PYTHON_IMAGE=python:…@sha256:…
ARG PYTHON_IMAGE=python:3.13.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
# With a fixed time, the wheel and the compiled modules are the same bytes in each build.
ARG SOURCE_DATE_EPOCH=315532800
ENV SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH} PATH=/build/tools/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements-run.lock requirements-release.lock ./
RUN python -m venv tools \
 && tools/bin/pip install --no-compile --require-hashes -r requirements-release.lock
RUN python -m venv --without-pip /opt/jejak \
 && tools/bin/pip --python /opt/jejak/bin/python install --require-hashes -r requirements-run.lock
COPY pyproject.toml README.md LICENSE ./
COPY domain domain
COPY simulation simulation
COPY projections projections
COPY service_layer service_layer
COPY api api
COPY feeds feeds
COPY infra infra
RUN tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
 && tools/bin/pip --python /opt/jejak/bin/python install --no-deps --no-index wheels/*.whl

FROM ${PYTHON_IMAGE}
# `jejak backup` encrypts with GnuPG. The package has no exact version, because Debian removes older versions.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends gnupg && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /var/lib/jejak jejak \
 && install -d -m 700 -o jejak -g jejak /var/lib/jejak /var/lib/jejak/kafka \
    /var/lib/jejak-keys /var/lib/jejak-keys-epoch /var/lib/jejak-backup
COPY --from=build /opt/jejak /opt/jejak
ENV PATH=/opt/jejak/bin:$PATH PYTHONDONTWRITEBYTECODE=1 \
    JEJAK_DATA_DIR=/var/lib/jejak JEJAK_KEY_DIR=/var/lib/jejak-keys
USER jejak
WORKDIR /var/lib/jejak
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["jejak"]
CMD ["serve", "--host", "0.0.0.0"]
