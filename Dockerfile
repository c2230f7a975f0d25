# One image for all processes. Build it with `docker build -t genwarden .`; the argument selects the process, as in
# `docker run genwarden api`. hack/image assembles the same image without Docker; test/unit/image compares the two.
FROM node:24-slim AS build
# For users who let Node.js use the system's certificates, which the slim image lacks.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Not `npm ci`: it rejects a lock file without the optional builds for other platforms. No install script is needed.
RUN npm install --no-save --ignore-scripts
COPY . .
RUN npm run build && npm prune --no-save --omit=dev --ignore-scripts && rm -rf node_modules/.bin

FROM node:24-slim
LABEL org.opencontainers.image.title="genwarden" \
      org.opencontainers.image.description="Runs slow, paid, failure-prone model calls as jobs that are never stuck." \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
RUN groupadd --gid 10001 genwarden && \
    useradd --uid 10001 --gid 10001 --home-dir /app --no-create-home --shell /usr/sbin/nologin genwarden
WORKDIR /app
# Layers that change least come first. Root owns the files: the processes do not change them, and run with a read-only root.
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/bin ./bin
COPY --from=build /app/examples ./examples
COPY --from=build /app/dist ./dist
ENV NODE_ENV=production
# A numeric user, so that Kubernetes can verify that it is not root.
USER 10001:10001
EXPOSE 8080
# The script execs Node.js, so that Node.js is PID 1 and receives signals.
ENTRYPOINT ["/app/bin/genwarden"]
