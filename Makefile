# Fazt. `make` alone lists what can be done; the text after ## is the list.

VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X fazt/internal/system.Version=$(VERSION)
TARGETS  := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
FUZZTIME ?= 20s
KILLS    ?= 300
MUTANTS  ?= 20
MUTATED  ?= ./internal/auth ./internal/database ./internal/egress ./internal/gateway ./internal/hosting

# Tools are Go modules at a fixed version: go builds and caches them, nothing is installed. tools/lint names that of golangci-lint.
GOVULNCHECK := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0

# Only `make build` optimizes for the profile in cmd/fazt: that compiles everything once more.
# The product needs no C compiler, and what is tested is what is shipped.
export CGO_ENABLED := 0

# On an empty cache, compiling takes most of the gate's time. So its steps compile with the same flags, and each uses what
# an earlier one compiled: without the profile, and without what only debuggers read. With GOGC the compiler, linker and
# linters collect garbage a quarter as often, which takes a sixth less time; the tests run without it, as the product does.
GATE := test web lint cross every race
$(GATE): export GOFLAGS += -pgo=off -gcflags=all=-dwarf=false
$(GATE): export GOGC = 400
$(GATE): export GOMEMLIMIT = 2GiB

# How many packages are tested at once, and how many parallel tests of each: tests wait as much as they compute. The packages
# that take longest start first, so that none of them is left over at the end.
ATONCE  := -p 4 -parallel 4 -exec 'env -u GOGC -u GOMEMLIMIT'
LONGEST := ./internal/server ./internal/cli ./cmd/fazt ./internal/runtime

# The race detector needs one. It watches memory of Go only, so it sees nothing of what SQLite and QuickJS do, translated to
# Go, with memory of their own: without it they run three times as fast. Nor is it needed in libraries that compute alone:
# the hash of passwords, and the compiler of functions, which has a process to itself. They are not checked for pointers
# either, which `make pointers` does. At its end a process need not wait a second for races. The tags leave the C code of
# package net out, as in the product.
RACE := CGO_ENABLED=1 GORACE=atexit_sleep_ms=0 go test $(ATONCE) -tags=netgo,osusergo -race -short -vet=off -timeout=30m \
	-gcflags='modernc.org/...=-dwarf=false -d=checkptr=0' \
	$(foreach c,modernc.org/libc modernc.org/memory modernc.org/sqlite/lib golang.org/x/crypto/argon2 github.com/evanw/esbuild fazt/internal/quickjs/engine,-gcflags='$(c)/...=-dwarf=false -race=false')

# Packages in whose code or tests goroutines meet: they start one, or their tests run a database, an engine or an instance,
# which do. What else runs under them is compiled for the detector too. Not cmd/fazt: its tests watch a binary in another
# process, which the detector does not see. Nor tools and archtest.
STARTS := ^\s*go \w|\.Go\(|\.Parallel\(\)|\bServe\(|httptest\.New\w*Server|AfterFunc|fazt/internal/(fazttest|database/databasetest|runtime/runtimetest)"
RACED   = $(shell grep -rlE --include='*.go' '$(STARTS)' internal bench | xargs -n1 dirname | sort -u | grep -vx internal/archtest \
	| while read -r dir; do ls $$dir/*_test.go >/dev/null 2>&1 && echo ./$$dir; done)

# Of those, the ones of which -short leaves nothing out: all their tests run under the race detector, and only there.
SHORTENED := testing\.Short\(\)|SlowUnderRace\(
RACED_WHOLE = $(shell for dir in $(RACED); do grep -qE '$(SHORTENED)' $$dir/*_test.go || echo $$dir; done)
TESTED      = $(shell grep -rl --include='*_test.go' --exclude-dir=node_modules '^func \(Test\|Fuzz\|Example\)' bench cmd examples internal packages sdk tools | sed 's|^|./|' | xargs -n1 dirname | sort -u)

# $(call need,command,Debian package) installs a program where it is missing.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
need  = command -v $(1) >/dev/null || { $(SUDO) apt-get update -q && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -q -y --no-install-recommends $(2); }

.DEFAULT_GOAL := help
.PHONY: help build run test test-fast every race lint cross binaries fuzz pointers profile crash bench overload bench-functions compat fairness faults mutate golden vuln clean tools web

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: web ## build bin/fazt
	@mkdir -p bin
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/fazt ./cmd/fazt

run: build ## build, then serve the example and follow its changes; Ctrl-C stops
	bin/fazt dev examples/guestbook

test: tools web lint cross every race ## install what is missing, then pass every check and test

test-fast: ## the tests without the race detector and the slow ones
	go test -short -pgo=off ./...

# What is built in but not written here: the npm packages that functions find in their VMs, and their engine.
PACKAGES := packages
ENGINE   := internal/quickjs/engine/engine.go
INTL     := internal/runtime/intl/cldr/data/cldr.zip
web: internal/runtime/web/dist/streams.js $(ENGINE) $(INTL)
$(ENGINE): internal/runtime/web/dist/streams.js go.mod $(wildcard tools/engine/*.go)
	go run ./tools/engine
$(INTL): $(wildcard tools/intl/*.go)
	go run ./tools/intl
internal/runtime/web/dist/streams.js: $(wildcard $(PACKAGES)/*.json $(PACKAGES)/*.go $(PACKAGES)/entries/*.js)
	go run ./$(PACKAGES)

tools: # what the tests need besides Go
	@$(call need,gcc,build-essential)
	@$(call need,chromium,chromium)
	@$(call need,pg_ctlcluster,postgresql)
	@$(call need,curl,curl)
	@$(call need,git,git)
	@$(call need,nginx,nginx-light)

every: # every test that does not run whole under the race detector; lint has vetted what go test would
	go test $(ATONCE) -vet=off -timeout=30m $(LONGEST) $(filter-out $(LONGEST) $(RACED_WHOLE),$(TESTED))

race: # the tests again under the race detector; -short leaves out repetitions, with which the engine takes minutes
	$(RACE) $(filter $(RACED),$(LONGEST)) $(RACED)

profile: web ## measure what is hot, and write it to cmd/fazt/default.pgo, for which `make build` optimizes
	@mkdir -p bench/out
	go run -pgo=off ./bench/engine -profile bench/out/engine.pprof
	go test -pgo=off -run='^$$' -bench=Served -benchtime=5s -cpuprofile=bench/out/requests.pprof -o bench/out/server.test ./internal/server
	go run ./tools/profile cmd/fazt/default.pgo bench/out/engine.pprof bench/out/requests.pprof

pointers: ## check what SQLite is given as an address, after a change of internal/database
	go test -short -timeout=30m -gcflags='all=-d=checkptr' ./internal/database/...

lint: ## vet and the other linters of .golangci.yml
	@# It has everything compiled, tests included, which `make every` uses.
	go run ./tools/lint

cross: ## type-check everything for every other target, and assemble for one target of each system
	@# Not for linux/amd64, for which lint compiles everything.
	go run ./tools/cross $(filter-out linux/amd64,$(TARGETS))
	@# Types say nothing about assembly. With linux/amd64, which every test uses, these are all systems and both architectures.
	@for target in darwin/arm64 windows/amd64; do \
		echo "assemble $$target"; \
		export GOOS=$${target%/*} GOARCH=$${target#*/}; \
		go build -gcflags='all=-N -l -dwarf=false' $$(go list -deps -f '{{if and .SFiles (not .Standard)}}{{.ImportPath}}{{end}}' ./cmd/fazt) || exit 1; \
	done

binaries: ## compile for every target
	@for target in $(TARGETS); do \
		echo "compile $$target"; \
		GOOS=$${target%/*} GOARCH=$${target#*/} go build -pgo=off -gcflags='all=-N -l' -ldflags='-s -w' -o /dev/null ./cmd/fazt || exit 1; \
	done

fuzz: ## fuzz every parser for FUZZTIME each (20s)
	@grep -rl --include='*_test.go' '^func Fuzz' internal | sort | while read -r file; do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$file"); do \
			echo "fuzz $$name"; \
			go test "./$$(dirname "$$file")" -run='^$$' -fuzz="^$$name$$" -fuzztime=$(FUZZTIME) || exit 1; \
		done; \
	done

crash: build ## kill the server KILLS times (300) at random moments; nothing acknowledged may be lost
	FAZT_KILLS=$(KILLS) go test -count=1 -timeout=60m -v -run TestKill ./cmd/fazt

bench: build ## measure against a bare handler, nginx and Caddy; prints the table of docs/PERFORMANCE.md
	@$(call need,wrk,wrk)
	@$(call need,nginx,nginx-light)
	@$(call need,caddy,caddy)
	go run ./bench

overload: build ## flood an instance with ten times what it can serve; prints the table of docs/PERFORMANCE.md
	go run ./bench overload

compat: build ## install npm packages, run each in a function, and write docs/COMPATIBILITY.md
	go run ./bench/compat

bench-functions: build ## measure functions against Node.js and workerd; prints the table of docs/PERFORMANCE.md
	@$(call need,wrk,wrk)
	@$(call need,node,nodejs npm)
	go run ./bench functions

fairness: build ## measure an app next to one that computes endlessly; prints the figures of docs/PERFORMANCE.md
	go run ./bench fairness

faults: web ## attack an instance as visitors, authors and disks do; prints the figures of docs/RELIABILITY.md
	@$(call need,nginx,nginx-light)
	go run ./bench/faults

mutate: ## change MUTANTS (20) conditions in each of MUTATED, one at a time, and list those that no test notices
	go run ./bench/mutate -n $(MUTANTS) $(MUTATED)

golden: ## rewrite the golden and generated files
	go test $$(grep -rl --include='*_test.go' 'flag.Bool("update"' internal cmd | xargs -n1 dirname | sort -u | sed 's|^|./|') -update

vuln: ## look for known vulnerabilities in what is used
	$(GOVULNCHECK) ./...

clean: ## delete what was built
	rm -rf bin dist bench/out coverage.out
