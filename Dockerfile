# The image of all processes: `docker build -t genwarden .`; the argument chooses, such as `docker run genwarden api`.
# hack/image assembles the same from the files of a machine without Docker; test/unit/image compares the two.
FROM node:24-slim AS build
# For those who let Node.js use the system's certificates; the slim image has none.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Not `npm ci`: it refuses a lock file without the optional builds for other platforms. No install scripts are needed.
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
# What changes least comes first. Owned by root: the processes change nothing here, and run with a read-only root.
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/bin ./bin
COPY --from=build /app/examples ./examples
COPY --from=build /app/dist ./dist
ENV NODE_ENV=production
# By number, so that Kubernetes can tell that it is not root.
USER 10001:10001
EXPOSE 8080
# It becomes Node.js by exec: the process is PID 1 and gets its signals.
ENTRYPOINT ["/app/bin/genwarden"]
