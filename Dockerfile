# The venv is built in one stage and copied into the other, which has neither pip's cache nor the source.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE containers.py ./
COPY requirements requirements
COPY domain domain
COPY adapters adapters
COPY entrypoints entrypoints
RUN --mount=type=cache,target=/root/.cache/pip \
    export PIP_DISABLE_PIP_VERSION_CHECK=1 \
    && pip install --require-hashes -r requirements/build.txt \
    && pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && python -m venv /opt/holdfast \
    && /opt/holdfast/bin/pip install --require-hashes -r requirements/runtime.txt \
    && /opt/holdfast/bin/pip install --no-deps dist/*.whl \
    && /opt/holdfast/bin/pip check

FROM python:3.13-slim
ENV PATH=/opt/holdfast/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SOCIAL_HTTP__HOST=0.0.0.0
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin holdfast \
    && install --directory --owner 10001 --mode 700 /data
COPY --from=build /opt/holdfast /opt/holdfast
USER 10001
WORKDIR /
# It serves with SOCIAL_AUTH__KEYS or SOCIAL_AUTH__KEYS_FILE alone, since everybody could reach it.
EXPOSE 8000
# For `serve --data /data`, on a volume of its own.
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s CMD ["holdfast", "health"]
ENTRYPOINT ["holdfast"]
CMD ["serve"]
