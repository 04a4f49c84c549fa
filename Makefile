export GOTOOLCHAIN := go1.27.3

# Every folder with a go.mod is a module of its own: the library is ".".
modules := $(patsubst %/,%,$(dir $(shell find . -name go.mod -not -path '*/.*/*' -not -path '*/testdata/*')))
in_modules = @for m in $(modules); do echo "$(1) ($$m)"; (cd $$m && $(1)) || exit 1; done

# The gofmt of the toolchain: an older one cannot parse methods with type parameters.
gofmt = "$$(go env GOROOT)/bin/gofmt"

staticcheck_version := v0.8.2
staticcheck := $(CURDIR)/.bin/staticcheck-$(staticcheck_version)-$(GOTOOLCHAIN)

.DEFAULT_GOAL := help
.PHONY: help demo examples test chaos graphs bench check generate fuzz fmt tidy

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## scan source code with a flow, check the result, compare with raw channels; ARGS="folder" scans another tree
	@go -C examples build -o $(CURDIR)/.bin/filescan ./filescan
	@.bin/filescan -out .bin/filescan-out --verify --compare 3 $(ARGS)

example_programs := linecount filescan fanout sse realtime apiclient
examples: ## run all example programs, each of which checks its own results
	@for p in $(example_programs); do go -C examples build -o $(CURDIR)/.bin/$$p ./$$p || exit 1; done
	@tree="$$(go env GOROOT)/src/net"; run() { echo "== $$*"; ".bin/$$@"; }; set -e; \
	run linecount -top 3 --verify "$$tree"; \
	run filescan -quiet -top 1 -out .bin/filescan-out --verify "$$tree"; \
	run fanout -quiet -out .bin/fanout-out -verify "$$tree"; \
	run sse -check; \
	test ! -r /proc/self/stat || run realtime -polls 2 -top 3 -db .bin/realtime.db; \
	run apiclient

test: ## run all tests, with the race detector and in random order
	$(call in_modules,go test -race -shuffle=on ./...)

N ?= 10000
SEED ?= 1
chaos: ## run N random flows in which things go wrong, from SEED on; DROP="2 3.1" leaves nodes out
	@go test -race -c -o .bin/chaos ./internal/chaos
	@.bin/chaos -test.run '^TestChaos$$' -test.timeout 0 -chaos.n $(N) -chaos.seed $(SEED) -chaos.drop "$(DROP)"

graphs: ## run N random graphs of all shapes in several ways and hold them against a model, from SEED on
	@go test -race -c -o .bin/graphs ./internal/graphs
	@.bin/graphs -test.run '^TestGraphs$$' -test.timeout 0 -graphs.n $(N) -graphs.seed $(SEED)

bench: ## measure against the alternatives; ARGS=-smoke is the short form
	@cd bench && go run . $(ARGS)

check: $(staticcheck) ## format, vet, lint, tidy, generated code, documents; changes nothing
	@files=$$($(gofmt) -l .) && test -z "$$files" || { echo "not formatted, run make fmt:" $$files; exit 1; }
	@go run ./cmd/streamzgen -root . -check -rules
	$(call in_modules,go mod tidy -diff)
	$(call in_modules,go vet ./...)
	$(call in_modules,$(staticcheck) ./...)
	$(call in_modules,go fix -diff ./...)
	@go test -count=1 ./internal/docs
	@go test -count=1 -run Import ./internal/gen

generate: ## write the stages, fluent methods, docs/processors.md and its pictures from the directives in ops; docs/shapes.md
	@go run ./cmd/streamzgen -root .
	@go test ./internal/marble -run '^TestPictures$$' -count=1 -update
	@go test ./internal/docs -run '^TestShapes$$' -count=1 -update

fuzz: ## run each fuzz target for 10 seconds
	@grep -ro --include='*_test.go' --exclude-dir=testdata '^func Fuzz[A-Za-z0-9_]*' . | while IFS=: read -r file fn; do \
		go -C "$$(dirname "$$file")" test -run '^$$' -fuzz "^$${fn#func }$$" -fuzztime 10s . || exit 1; \
	done

fmt: ## format all code, after the rewrites of go fix
	$(call in_modules,go fix ./...)
	@$(gofmt) -w .

tidy: ## bring every go.mod and go.sum up to date
	$(call in_modules,go mod tidy)

$(staticcheck):
	@GOBIN=$(CURDIR)/.bin go install honnef.co/go/tools/cmd/staticcheck@$(staticcheck_version)
	@mv $(CURDIR)/.bin/staticcheck $@
