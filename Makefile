# Common development tasks. They need npm and any Node.js; `make setup` installs the tools, and the Node.js that runs them,
# from package-lock.json.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: packages nats-server console ## Install missing packages and nats-server, and build the console

# The copy inside node_modules records the installed lock file, because a checkout changes modification times.
# Not `npm ci`: it rejects a lock file without the optional builds for other platforms, and npm omits those that it could not
# fetch. `install --no-save` uses the versions and hashes of the lock file too. CI=1 keeps lefthook from installing hooks; only
# `make hooks` installs them.
.PHONY: packages
packages:
	@cmp -s package-lock.json node_modules/.installed-lock || { \
	  echo "packages: installing from package-lock.json" && \
	  CI=1 npm install --no-save --loglevel=error --no-audit --no-fund >/dev/null && \
	  cp package-lock.json node_modules/.installed-lock; }

.PHONY: nats-server
nats-server:
	@hack/install-nats-server.sh

# Always, because it takes less than a second, and knows better than modification times what has changed.
.PHONY: console
console: packages
	@node hack/build-console.ts

.PHONY: s3-server
s3-server:
	@hack/install-versitygw.sh

.PHONY: prometheus-server
prometheus-server:
	@hack/install-prometheus.sh

.PHONY: otel-collector
otel-collector:
	@hack/install-otel-collector.sh

.PHONY: python-tools
python-tools:
	@hack/install-python.sh

.PHONY: chart-judges
chart-judges: packages ## Judge the chart with helm lint, kube-score and checkov, and our resources with kstatus; fails for what hack/chart-judges/exceptions.yaml does not explain
	@node hack/chart-judges.ts

.PHONY: openapi-tools
openapi-tools:
	@hack/install-openapi-tools.sh

.PHONY: demo
demo: setup ## Generate an image from end to end, and show a hanging call fail in time
	@bin/genwarden demo

.PHONY: dev
dev: setup ## Run everything on this machine until Ctrl-C
	@bin/genwarden dev

.PHONY: test
test: setup s3-server ## Run all checks and most tests (10 minutes on two cores); .ci/run runs everything
	@hack/run-tests.sh

.PHONY: test-unit
test-unit: setup ## Run the unit tests and the tidiness checks
	@vitest run --project unit

.PHONY: test-model
test-model: setup ## Explore every order of events of small installations, and of faulty ones (1.5 minutes on one core)
	@vitest run --project model --maxWorkers 1 \
		$(if $(TEST_REPORT),--reporter=default --reporter=json --outputFile.json=$(TEST_REPORT))

.PHONY: test-conformance
test-conformance: setup s3-server ## Run the conformance suites of the ports against every adapter
	@vitest run --project conformance

.PHONY: test-integration
test-integration: setup s3-server ## Run the tests of whole processes
	@vitest run --project integration

.PHONY: test-clients
test-clients: setup python-tools openapi-tools ## Run the tests of both clients, of generated ones, of the examples and of the installed package (3 minutes)
	@vitest run --project clients --project examples --project package \
		$(if $(TEST_REPORT),--reporter=default --reporter=json --outputFile.json=$(TEST_REPORT))

.PHONY: test-cluster
test-cluster: setup ## Run the tests in the Kubernetes of KUBECONFIG, or in a new one (Linux, root)
	@hack/cluster/test.sh --nodes $(if $(ARGS),1,2) --project cluster $(ARGS)

.PHONY: cluster-faults
cluster-faults: setup ## Inject each fault into a real Kubernetes under load, and print the table (15 minutes)
	@hack/cluster/test.sh --project faults $(ARGS)

.PHONY: cluster
cluster: setup ## Start a one-node Kubernetes on this machine and load the images (Linux, root)
	@hack/cluster/cluster.sh up

.PHONY: cluster-load
cluster-load: packages ## Rebuild the image from the sources and load it into the node of `make cluster`
	@hack/cluster/cluster.sh load

.PHONY: cluster-shell
cluster-shell: ## Open a shell in the node's network, with kubectl and helm
	@hack/cluster/cluster.sh shell

.PHONY: cluster-down
cluster-down: ## Remove the node and everything it created
	@hack/cluster/cluster.sh down

.PHONY: faults
faults: setup ## Run every fault on real processes, including those that take a minute, and print the table
	@vitest run -c test/faults/vitest.config.ts

.PHONY: faults-processes
faults-processes: setup ## Run the faults of NATS, APIs, workers and controllers as real processes, and print their table (4 minutes)
	@vitest run -c test/faults/vitest.config.ts --project faults-quick --project faults-processes \
		$(if $(TEST_REPORT),--reporter=default --reporter=json --outputFile.json=$(TEST_REPORT))

.PHONY: bad-day
bad-day: setup ## Run a scripted bad day at the provider in fast time, and print its table (4 minutes)
	@vitest run -c test/faults/vitest.config.ts --project faults-long badDay outages rateLimit \
		$(if $(TEST_REPORT),--reporter=default --reporter=json --outputFile.json=$(TEST_REPORT))

.PHONY: edges
edges: setup s3-server ## Run the faults at the edges (full disks, memory, hostile input, many downloads), and print their table
	@vitest run -c test/faults/edges/vitest.config.ts \
		$(if $(TEST_REPORT),--reporter=default --reporter=json --outputFile.json=$(TEST_REPORT))

.PHONY: observability
observability: setup prometheus-server otel-collector ## Compare metrics, rules and dashboards of real processes with a real Prometheus, and traces in a real collector; print the tables
	@vitest run -c test/observability/vitest.config.ts $(ARGS) \
		$(if $(TEST_REPORT),--reporter=default --reporter=json --outputFile.json=$(TEST_REPORT))

.PHONY: fuzz-http
fuzz-http: setup python-tools ## Send what the OpenAPI document allows, and what it does not, to a running installation (schemathesis)
	@vitest run -c test/fuzz/vitest.config.ts \
		$(if $(TEST_REPORT),--reporter=default --reporter=json --outputFile.json=$(TEST_REPORT))

.PHONY: test-browser
test-browser: setup ## Try in a real browser what pages of other sites can do to an API, and the application of the tutorial
	@hack/install-chromium.sh
	@vitest run -c test/browser/vitest.config.ts \
		$(if $(TEST_REPORT),--reporter=default --reporter=json --outputFile.json=$(TEST_REPORT))

.PHONY: console-screenshots
console-screenshots: setup ## Take the pictures of the console in docs/images/console from real runs
	@hack/install-chromium.sh
	@node hack/console-screenshots.ts

.PHONY: dashboard-pictures
dashboard-pictures: setup prometheus-server ## Draw the pictures of the dashboards in docs/images/dashboards from a real run (7 minutes)
	@hack/install-chromium.sh
	@node hack/dashboard-pictures.ts

.PHONY: soak
soak: setup ## Simulate many seeds: make soak SEEDS=20000 FROM=1
	@node test/simulation/main.ts --seeds $(or $(SEEDS),20000) --from $(or $(FROM),1)

.PHONY: model
model: setup ## Explore every order of events of a small installation, and print the counts by kind
	@node test/model/main.ts $(ARGS)

.PHONY: check
check: packages check-format lint types unused ## Run all checks except tests

.PHONY: format
format: packages ## Format all files
	@oxfmt

.PHONY: check-format
check-format: packages
	@oxfmt --check

.PHONY: lint
lint: packages ## Lint, with type information
	@oxlint --type-aware --deny-warnings

.PHONY: types
types: packages ## Check the types
	@tsc --noEmit
	@tsc --noEmit -p src/console

.PHONY: unused
unused: packages ## Find unused files, exports and dependencies
	@knip

.PHONY: build
build: packages ## Build the published packages into dist/ and clients/typescript/dist/
	@npm run --silent build
	@npm run --silent --prefix clients/typescript build

.PHONY: manifests
manifests: ## Render k8s/ from the chart (requires helm)
	@hack/render-k8s.sh

.PHONY: redis-server
redis-server:
	@hack/install-redis.sh

.PHONY: bench
bench: setup redis-server build ## Compare throughput and latency with bare JetStream operations and with BullMQ (25 minutes; ARGS for bench/peers)
	@node bench/main.ts
	@node bench/peers/main.ts $(ARGS)

.PHONY: bench-peers
bench-peers: setup redis-server build ## Compare with BullMQ on a real Redis: make bench-peers ARGS='--rounds 1 --size 2000'
	@node bench/peers/main.ts $(ARGS)

.PHONY: bench-growth
bench-growth: setup build ## Measure requests, memory and starts with many open tasks: make bench-growth SIZES=20k,100k
	@node bench/growth/main.ts $(if $(SIZES),--sizes $(SIZES)) $(ARGS)

.PHONY: bench-watchers
bench-watchers: setup build ## Measure 2,000 event streams on one API, with 500 changes a second (one minute)
	@node bench/watchers/main.ts $(ARGS)

.PHONY: bench-bytes
bench-bytes: setup build ## Measure pictures through one worker and downloads, beside the bare object store and files (one minute)
	@node bench/bytes/main.ts $(ARGS)

.PHONY: bench-profile
bench-profile: setup build ## Print where the time of API, worker and submits goes: make bench-profile ARGS='--scenario http'
	@node bench/profile/main.ts $(ARGS)

.PHONY: bench-page
bench-page: setup redis-server build ## Measure on an idle machine, and write the figures into docs/benchmarks.md (45 minutes)
	@node bench/page/idle.ts
	@mkdir -p .genwarden
	@node bench/peers/main.ts --json .genwarden/peers.json $(ARGS)
	@node bench/page/idle.ts --wait
	@node bench/growth/main.ts --json .genwarden/growth.json $(if $(SIZES),--sizes $(SIZES))
	@node bench/page/main.ts --peers .genwarden/peers.json --growth .genwarden/growth.json
	@oxfmt docs/benchmarks.md

.PHONY: bench-jobs-api
bench-jobs-api: setup ## Measure `kubectl get jobs.genwarden.dev` with 100,000 jobs: times, pages and memory (three minutes)
	@node bench/jobsApi/main.ts $(ARGS)

.PHONY: bench-recovery
bench-recovery: setup build ## Measure recovery from faults on real processes, compared with BullMQ (8 minutes)
	@node bench/recovery/main.ts $(ARGS)

.PHONY: bench-s3
bench-s3: setup s3-server build ## Send 1 GB of artifacts through S3 and measure time, against a raw copy, and memory
	@node bench/s3/main.ts

.PHONY: bench-worker-start
bench-worker-start: setup build ## Measure how soon a new worker claims its first task, and which step takes how long
	@node bench/workerStart.ts $(ARGS)

.PHONY: bench-fairness
bench-fairness: setup ## Measure how long single tasks wait beside 10,000 tasks of another tenant (two minutes)
	@node bench/fairness.ts $(ARGS)

.PHONY: bench-console
bench-console: setup ## Measure what the console weighs, how soon it paints, its memory after very many events, and its frames (5 minutes)
	@hack/install-chromium.sh
	@node bench/console/main.ts

.PHONY: bench-bad-day
bench-bad-day: setup ## Measure what outages, quotas, dead keys and odd answers of the provider cost (10 minutes)
	@node bench/badDay/main.ts $(ARGS)

.PHONY: hooks
hooks: packages ## Install a hook that checks staged files before each commit
	@lefthook install

.PHONY: clean
clean: ## Remove build output and files left by runs, but not what setup installed
	@rm -rf dist coverage .genwarden genwarden-demo *.tgz
