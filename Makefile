# What one does with this repository. Needs npm and any Node.js: the tools, and the Node.js that runs them, come with
# `make setup` from package-lock.json.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: packages nats-server ## Install what is missing: packages, nats-server

# The copy inside node_modules tells for which lock file they were installed; times of files say nothing after a checkout.
# Not `npm ci`: it refuses a lock file without the optional builds for other platforms, and npm leaves out of the file those
# that it could not fetch. `install --no-save` takes the versions and hashes of the lock file all the same. CI=1 keeps
# lefthook from putting hooks into the checkout: only `make hooks` does.
.PHONY: packages
packages:
	@cmp -s package-lock.json node_modules/.installed-lock || { \
	  echo "packages: installing those of package-lock.json" && \
	  CI=1 npm install --no-save --loglevel=error --no-audit --no-fund >/dev/null && \
	  cp package-lock.json node_modules/.installed-lock; }

.PHONY: nats-server
nats-server:
	@hack/install-nats-server.sh

.PHONY: demo
demo: setup ## Make a picture from end to end, and see a hanging call fail in time
	@bin/genwarden demo

.PHONY: dev
dev: setup ## Run everything on this machine until Ctrl-C
	@bin/genwarden dev

.PHONY: test
test: setup ## Run all checks, and all tests but those in a Kubernetes cluster
	@hack/run-tests.sh

.PHONY: test-unit
test-unit: setup ## Run the tests of single parts, and of tidiness
	@vitest run --project unit

.PHONY: test-conformance
test-conformance: setup ## Run the suites that every adapter of a port passes
	@vitest run --project conformance

.PHONY: test-integration
test-integration: setup ## Run the tests of whole processes
	@vitest run --project integration

.PHONY: test-cluster
test-cluster: setup ## Run the tests in a real Kubernetes: that of KUBECONFIG, else one of their own (Linux, root)
	@hack/cluster/test.sh --nodes $(if $(ARGS),1,2) --project cluster $(ARGS)

.PHONY: cluster-faults
cluster-faults: setup ## Hurt a real Kubernetes under load, each fault once, and print the table (a quarter of an hour)
	@hack/cluster/test.sh --project faults $(ARGS)

.PHONY: cluster
cluster: setup ## Start a real Kubernetes of one node on this machine, with the images in it (Linux, root)
	@hack/cluster/cluster.sh up

.PHONY: cluster-load
cluster-load: packages ## Pack the image anew from the sources as they are, and put it into the node of `make cluster`
	@hack/cluster/cluster.sh load

.PHONY: cluster-shell
cluster-shell: ## Open a shell in the network of that node, with kubectl and helm
	@hack/cluster/cluster.sh shell

.PHONY: cluster-down
cluster-down: ## Remove that node and all that it left
	@hack/cluster/cluster.sh down

.PHONY: faults
faults: setup ## Run every fault on real processes, the minute-long ones too, and print the table
	@vitest run -c test/faults/vitest.config.ts

.PHONY: soak
soak: setup ## Simulate many seeds: make soak SEEDS=20000 FROM=1
	@node test/simulation/main.ts --seeds $(or $(SEEDS),20000) --from $(or $(FROM),1)

.PHONY: model
model: setup ## Explore every order of events of a small installation and print the counts by kind
	@node test/model/main.ts $(ARGS)

.PHONY: check
check: packages check-format lint types unused ## Run all checks that are not tests

.PHONY: format
format: packages ## Format all files
	@oxfmt

.PHONY: check-format
check-format: packages
	@oxfmt --check

.PHONY: lint
lint: packages ## Look for mistakes, with types
	@oxlint --type-aware --deny-warnings

.PHONY: types
types: packages ## Check the types
	@tsc --noEmit

.PHONY: unused
unused: packages ## Look for files, exports and dependencies that nobody uses
	@knip

.PHONY: build
build: packages ## Build what is published into dist/
	@npm run --silent build

.PHONY: manifests
manifests: ## Render k8s/ from the chart (needs helm)
	@hack/render-k8s.sh

.PHONY: bench
bench: setup build ## Measure against bare JetStream operations on this machine
	@node bench/main.ts

.PHONY: bench-recovery
bench-recovery: setup build ## Measure recovery from faults on real processes, beside BullMQ (eight minutes)
	@node bench/recovery/main.ts $(ARGS)

.PHONY: hooks
hooks: packages ## Check what is staged before each commit of this checkout
	@lefthook install

.PHONY: clean
clean: ## Remove what was built or left by runs (not what setup installed)
	@rm -rf dist coverage .genwarden genwarden-demo *.tgz
