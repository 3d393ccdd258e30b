# docker build --tag dockernet-exporter .
#
# BASE_IMAGE may be anything like Debian; Python is installed unless it is there. Where pip should not ask the
# registry that it asks by itself, its own variables say so: --build-arg PIP_INDEX_URL=…
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS python
RUN command -v python3 >/dev/null || { \
        apt-get update \
        && apt-get install --yes --no-install-recommends python3 \
        && rm -rf /var/lib/apt/lists/*; \
    }


FROM python AS build
RUN { command -v setcap && python3 -c 'import ensurepip'; } >/dev/null || { \
        apt-get update \
        && apt-get install --yes --no-install-recommends libcap2-bin python3-venv; \
    }
ARG PIP_INDEX_URL
ARG PIP_FIND_LINKS
ARG PIP_NO_INDEX
WORKDIR /build
COPY requirements.lock requirements-build.lock ./
# A copy of the interpreter, not a link: it carries the capabilities below, and no other Python in the image does.
RUN python3 -m venv tools \
    && python3 -m venv --copies --without-pip /opt/dockernet-exporter \
    && tools/bin/pip install --no-deps --require-hashes --requirement requirements-build.lock \
    && tools/bin/pip check \
    && tools/bin/pip --python /opt/dockernet-exporter/bin/python3 install \
        --no-deps --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY exporter exporter
ARG REVISION=""
RUN echo "${REVISION}" >exporter/REVISION \
    && tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && tools/bin/pip --python /opt/dockernet-exporter/bin/python3 install --no-deps --no-index dist/*.whl \
    && tools/bin/pip --python /opt/dockernet-exporter/bin/python3 check \
    && setcap cap_dac_read_search,cap_net_admin,cap_sys_ptrace,cap_sys_admin,cap_perfmon,cap_bpf+p \
        "$(readlink --canonicalize /opt/dockernet-exporter/bin/python3)"


FROM python
LABEL org.opencontainers.image.title="dockernet-exporter" \
      org.opencontainers.image.description="Prometheus exporter for what Docker's networking really does on a host" \
      org.opencontainers.image.licenses="Apache-2.0"
# Nothing in here needs to become somebody else.
RUN find / -xdev -type f -perm /6000 -exec chmod a-s {} +
COPY --from=build /opt/dockernet-exporter /opt/dockernet-exporter
ENV PATH=/opt/dockernet-exporter/bin:$PATH
USER 65534:65534
EXPOSE 9714
HEALTHCHECK --interval=60s --timeout=5s --start-period=10s CMD ["dockernet-exporter", "healthcheck"]
ENTRYPOINT ["dockernet-exporter"]
