# One image for the installer and the shipper, with the library for both architectures: `npm run build` first, then
# `docker build .`. Nothing is downloaded here, and only V8 compiles (docs/decisions/0002). The base has Node and no shell.
# A release names the base with its digest (`npm run release`).
ARG BASE=gcr.io/distroless/nodejs24-debian12:nonroot
FROM ${BASE}
ARG BASE
LABEL org.opencontainers.image.base.name=${BASE}
COPY package.json LICENSE /opt/logtap/
COPY dist/cli /opt/logtap/dist/cli
COPY dist/prove /opt/logtap/dist/prove
COPY dist/shipper /opt/logtap/dist/shipper
COPY dist/native /opt/logtap/dist/native
COPY docs/reference/findings.md /opt/logtap/docs/reference/findings.md
COPY dist/image /opt/logtap/dist
# The files of an image volume, for the platform of the image. Also in the root, because containerd 2.1 ignores the subPath of a mount.
ARG TARGETARCH
COPY dist/volume/${TARGETARCH} /opt/logtap/volume
COPY dist/volume/${TARGETARCH} /
# V8's code of the shipper's modules, by the Node of this image: each pod starts 30 ms earlier (docs/decisions/0069). The seed makes the
# bytes the same each time.
USER 0:0
RUN ["/nodejs/bin/node", "--random-seed=1", "/opt/logtap/dist/shipper/compile.js"]
USER 65532:65532
# Bodies and columns of a few hundred kilobytes come and go in several threads. By default glibc keeps them in an arena per thread, and after the
# first of them none is given back to the system: a tenth to a third of the memory in an outage.
ENV MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072
# A small young generation: the shipper makes little garbage, and its peak memory is halved (measured under full load).
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=2", "/opt/logtap/dist/cli/logtap.js"]
CMD ["ship"]
