# The image: the program, the libraries that it loads, CA certificates, and nothing else.
#
#   docker build -t backstop .
#   docker build --target debug -t backstop:debug .          the same with a shell, curl and a debugger
#   docker build --target simulator -t backstop-simulator .  simulated APIs, for demos and tests
#   docker build --target deb --output . .                   the Debian package
#   docker build --target test .                             every test of tests/run.sh --quick
#
# It needs no syntax line and no other image than Debian's.
ARG BASE=debian:bookworm-slim
ARG VERSION=0.1.0
ARG REVISION=unknown

FROM ${BASE} AS tools
WORKDIR /src
COPY deploy/setup.sh deploy/
RUN ./deploy/setup.sh build && rm -rf /var/lib/apt/lists/*
# Whoever mounts a folder here (or has a cache mount for it) compiles only what has changed.
ENV CCACHE_DIR=/ccache

# Everything but the revision, which changes with each commit.
FROM tools AS libraries
COPY deploy/jobs.sh deploy/
COPY CMakeLists.txt CMakePresets.json LICENSE ./
COPY policy policy
COPY config config
COPY proxy proxy
RUN cmake --preset release && cmake --build --preset release --parallel "$(./deploy/jobs.sh)" --target backstop_proxy

FROM libraries AS build
ARG REVISION
RUN cmake --preset release -D BACKSTOP_REVISION="${REVISION}" \
    && cmake --build --preset release --parallel "$(./deploy/jobs.sh)" --target backstop

FROM build AS test
COPY . .
RUN ./tests/run.sh --quick

FROM build AS collect
COPY deploy/collect.sh deploy/
RUN ./deploy/collect.sh build/release/backstop /image

FROM ${BASE} AS debug
COPY --from=collect /image/packages /tmp/packages
RUN apt-get update \
    && xargs apt-get install -y --no-install-recommends curl gdb procps </tmp/packages \
    && rm -rf /var/lib/apt/lists/* /tmp/packages
COPY --from=collect /image/files/etc/passwd /image/files/etc/group /etc/
COPY --from=build /src/build/release/backstop /usr/bin/backstop
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
EXPOSE 8080 9464
ENTRYPOINT ["/usr/bin/backstop"]
CMD ["run", "--config", "/etc/backstop/backstop.toml"]

FROM build AS package
RUN apt-get update && apt-get install -y --no-install-recommends dpkg-dev file && rm -rf /var/lib/apt/lists/*
COPY deploy/package deploy/package
RUN cmake --preset release && cd build/release && cpack -G DEB

FROM scratch AS deb
COPY --from=package /src/build/release/*.deb /

# As the tests have it: it is to be right, not fast.
FROM libraries AS build-simulator
COPY tests/CMakeLists.txt tests/
COPY tests/simulator tests/simulator
RUN cmake --preset debug \
    && cmake --build --preset debug --parallel "$(./deploy/jobs.sh)" --target backstop-simulator
COPY deploy/collect.sh deploy/
RUN ./deploy/collect.sh build/debug/tests/simulator/backstop-simulator /image

FROM scratch AS simulator
COPY --from=build-simulator /image/files /
USER 65532:65532
EXPOSE 9000
ENTRYPOINT ["/usr/bin/backstop-simulator"]
CMD ["--listen", "0.0.0.0:9000"]

FROM scratch AS backstop
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="backstop" \
      org.opencontainers.image.description="A sidecar that adds resilience in front of third-party call APIs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=collect /image/files /
# OpenSSL's own default is a folder that is not in this image.
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
# With the group left out it would be root's.
USER 65532:65532
EXPOSE 8080 9464
ENTRYPOINT ["/usr/bin/backstop"]
CMD ["run", "--config", "/etc/backstop/backstop.toml"]
