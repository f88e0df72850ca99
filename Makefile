# Thin targets: each runs one program. Start with `make help`.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo dev talk test long check fmt synth deploy destroy diff cost bench setup system lock clean

PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
PYTEST_ARGS ?=
DEMO_ARGS ?=
UPGRADE ?=
export PORT ENGINE PUBLIC_WS_URL ENV
export PYTHONPATH := container:.
export PYTHONUNBUFFERED := 1
# Programs here start many others: each would compile its packages again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
UV := $(BIN)/python -m uv
PIP_SYNC := $(UV) pip sync --quiet --require-hashes --python $(BIN)/python
SOURCES := app.py infra functions container local cli bench tests

# The protocol core does no I/O, so that every branch can be tested.
CORE := container/speech_engine/messages.py,container/speech_engine/frames.py,container/speech_engine/text.py,container/speech_engine/tokens.py,container/speech_engine/turns.py,container/speech_engine/wire.py,container/speech_engine/http1.py,container/speech_engine/deadlines.py

# Stamps: a second run finds them newer than the lock files and starts at once.
UV_READY := .venv/.uv-ready
LOCAL_READY := .venv/.local-ready
DEV_READY := .venv/.dev-ready
NODE_READY := node_modules/.ready
CLOUD_READY := .venv-cloud/.ready
SITE_READY := web/dist/index.html
PACKAGES_READY := .build/.packages-ready

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup ## deploy to an embedded AWS on loopback and talk through it: no account, no key
	@$(BIN)/python -m local.cloud $(DEMO_ARGS)

dev: $(LOCAL_READY) ## run simulator and server with reload (PORT=…, PUBLIC_WS_URL=wss://… for the real platform)
	@$(BIN)/python -m local.dev

talk: $(LOCAL_READY) ## chat in the terminal with `make dev`, with ENGINE=<engine id>, or with AGENT=… alone
	@$(BIN)/python -m cli talk $(if $(findstring command,$(origin AGENT)),--agent "$(AGENT)")

# Tests of one file share a worker, and with it what is dear to set up.
test: setup check ## set everything up, then checks and all tests (PYTEST_ARGS=… narrows, without coverage)
ifeq ($(strip $(PYTEST_ARGS)),)
	$(BIN)/python -m pytest -n auto --dist loadfile --cov --cov-report=
	TEST_LOOP=uvloop $(BIN)/python -m pytest -n auto --cov --cov-append --cov-report=term \
		tests/speech_engine/test_server_*.py
	$(BIN)/python -m coverage report --include=$(CORE) --fail-under=100
else
	$(BIN)/python -m pytest $(PYTEST_ARGS)
endif

long: setup ## the longest tests: the image, the demo in containers, a table that is away for longer
	$(BIN)/python -m pytest -m long
	TRANSCRIPT_AWAY_SECONDS=20 $(BIN)/python -m pytest tests/service/transcripts/test_endurance.py

check: $(DEV_READY) ## format, lint, types, import rules
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports

fmt: $(DEV_READY) ## format and fix what the linter can fix
	$(BIN)/ruff check --quiet --fix-only .
	$(BIN)/ruff format .

synth: setup ## make the templates of every environment, or of ENV=…, in cdk.out
	@set -e; for file in $(if $(ENV),$(ENV),$(basename $(notdir $(wildcard environments/*.toml)))); do \
		echo "synth: cdk.out/$$file"; \
		node_modules/.bin/cdk synth --quiet --ci --context env=$$file --output cdk.out/$$file >/dev/null; \
	done

deploy: setup ## deploy ENV=… to an AWS account; asks for each key whose secret is empty
	@$(BIN)/python -m cli deploy

diff: setup ## show what deploying ENV=… would change
	@$(BIN)/python -m cli diff

destroy: setup ## delete all of ENV=…
	@$(BIN)/python -m cli destroy

cost: $(DEV_READY) ## what ENV=… costs a month, and a minute of conversation
	@$(BIN)/python -m cli cost

bench: setup ## measure this server beside both official SDKs
	$(BIN)/python -m bench

setup: $(DEV_READY) $(NODE_READY) $(CLOUD_READY) $(SITE_READY) $(PACKAGES_READY) ## make all that the lock files describe

# Debian's names. Without them the tests that need a browser, a load balancer or an image skip.
SYSTEM_PACKAGES := chromium docker.io haproxy iproute2 mmdebstrap
system: ## install the system packages of the fullest tests by apt (needs root)
	@missing=$$(for name in $(SYSTEM_PACKAGES); do \
		dpkg-query --show --showformat '$${db:Status-Status}' $$name 2>/dev/null | grep -qx installed || echo $$name; \
	done); \
	[ -z "$$missing" ] || { apt-get update --quiet=2 && \
		DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends $$missing; }
	@echo "system: everything is there: $(SYSTEM_PACKAGES)"

LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" $(UPGRADE)
# npm has a switch for where packages come from, but none for the sponsors' addresses.
DROP_FUNDING = const fs = require("fs"), lock = JSON.parse(fs.readFileSync("package-lock.json")); \
	for (const entry of Object.values(lock.packages)) delete entry.funding; \
	fs.writeFileSync("package-lock.json", JSON.stringify(lock, null, 2) + "\n")
# npm leaves hashes out for packages that are installed already, so node_modules goes first.
# Smaller groups are constrained by dev.txt, so that one package has one version everywhere.
lock: $(UV_READY) ## renew the lock files (UPGRADE=--upgrade for newer versions)
	$(LOCK) --group uv --output-file requirements/uv.txt >/dev/null
	$(LOCK) --group dev --output-file requirements/dev.txt >/dev/null
	$(LOCK) --group cloud --output-file requirements/cloud.txt >/dev/null
	set -e; for group in server container openai anthropic gemini bedrock infra token local test lint bench; do \
		$(LOCK) --group $$group --constraints requirements/dev.txt \
			--output-file requirements/$$group.txt >/dev/null; \
	done
	rm -rf node_modules
	npm install --package-lock-only --loglevel=error
	node -e '$(DROP_FUNDING)'

clean: ## remove what the tools made
	rm -rf .venv .venv-cloud node_modules web/dist cdk.out .build .coverage .coverage.* htmlcov .hypothesis .uv_cache
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

define FIND_PYTHON
for python in $(PYTHON); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	python=; \
done; \
[ -n "$$python" ] || { echo "setup: needs Python 3.11 or newer; install it, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
endef

$(UV_READY): requirements/uv.txt
	@$(FIND_PYTHON); \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "setup: $$python has no venv module (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }; \
	echo "setup: .venv with $$("$$python" --version)"; \
	"$$python" -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/uv.txt
	@touch $@

# Added to what is there, never removing: the full set below contains it in the same versions.
$(LOCAL_READY): requirements/local.txt $(UV_READY)
	@echo "setup: Python packages for make dev"
	@$(UV) pip install --quiet --require-hashes --python $(BIN)/python --requirement requirements/local.txt
	@touch $@

$(DEV_READY): requirements/dev.txt $(LOCAL_READY)
	@echo "setup: Python packages for tests and checks"
	@$(PIP_SYNC) requirements/dev.txt
	@touch $@

$(CLOUD_READY): requirements/cloud.txt $(UV_READY)
	@echo "setup: the AWS emulator, in an environment of its own"
	@$(UV) venv --quiet --clear --python $(BIN)/python .venv-cloud
	@$(UV) pip sync --quiet --require-hashes --python .venv-cloud/bin/python requirements/cloud.txt
	@touch $@

$(SITE_READY): $(wildcard web/*.html web/*.css web/*.svg web/*.json web/*.mjs web/src/*) $(NODE_READY)
	@echo "setup: the web page"
	@npm run --silent build

# So that a synth needs no network: the functions' packages for the platforms of every environment.
$(PACKAGES_READY): requirements/token.txt $(wildcard environments/*.toml) $(DEV_READY)
	@echo "setup: the functions' packages for their own platforms"
	@$(BIN)/python -m infra.packaging
	@mkdir -p $(@D) && touch $@

$(NODE_READY): package.json package-lock.json .npmrc
	@node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null \
		|| { echo "setup: needs Node 20 or newer with npm" >&2; exit 1; }
	@echo "setup: Node packages"
	@npm ci --loglevel=error >/dev/null
	@touch $@
