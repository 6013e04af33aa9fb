# Builds one static binary and puts it alone into an image: no shell, no package manager, not root.
FROM rust:1.95-alpine AS build
RUN apk add --no-cache build-base cmake perl linux-headers ca-certificates
WORKDIR /src
COPY . .
RUN cargo build --release --locked \
 && mkdir -p /image/etc/ssl/certs /image/etc/hookbell /owned/data /owned/tmp \
 && cp target/release/hookbell /image/hookbell \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/

FROM scratch
COPY --from=build /image/ /
# COPY gives everything to root; these two the relay writes to.
COPY --from=build --chown=65532:65532 /owned/ /
USER 65532:65532
# `store.url` is relative to the working directory, so the database is /data/hookbell.db.
WORKDIR /
ENV HOOKBELL_CONFIG=/etc/hookbell/hookbell.toml \
    HOOKBELL__SERVER__LISTEN=0.0.0.0:8080
VOLUME ["/etc/hookbell", "/data"]
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/hookbell", "health"]
ENTRYPOINT ["/hookbell"]
CMD ["serve"]
