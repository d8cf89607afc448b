# mote. `make run` shows it, `make test` proves it, `make help` lists the rest.
#
# Every MODE and ARCH has a build folder of its own. A new .c file is picked up
# by its name; a file whose name ends in an instruction set (x_avx2.c) is built
# with that set's flags, on its own machine only.

Q := $(if $(V),,@)# V=1 shows the commands
MODEL ?= iris
MODE  ?= release
HOST  := $(subst aarch64,arm64,$(shell uname -m))
ARCH  ?= $(HOST)

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
	-I. -MMD -MP $(CFLAGS)

# The engine needs no operating system: make freestanding.
ENGINE_DIRS := core/base core/kernel core/model compress
SYSTEM_DIRS := net core/function
ENGINE := $(wildcard $(ENGINE_DIRS:%=%/*.c))
SYSTEM := $(filter-out core/function/main.c,$(wildcard $(SYSTEM_DIRS:%=%/*.c)))
LIB    := $(OUT)/libmote.a
# -fbuiltin: freestanding, and yet small copies are not calls
DIR_FLAGS = $(if $(filter $(ENGINE_DIRS:%=%/%),$<),-ffreestanding -fbuiltin)
BLOB      := models/$(MODEL)/$(MODEL).mote
BOOTSTRAP := $(OUT)/$(MODEL)/bootstrap
EMULATOR  := build/host/emulator

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: help build run invoke image zip sizes engine train compile test ci \
	test-long fuzz freestanding bench-coldstart format check clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | \
		sed 's/:.*## /\t/' | awk -F'\t' '{printf "make %-16s %s\n", $$1, $$2}'
	@echo 'with MODEL=$(MODEL) ARCH=$(ARCH) (x86_64, arm64) MODE=$(MODE) (release, asan, clang)'

# ---------------------------------------------------------------- the product

build: $(BOOTSTRAP) ## build/<arch>/<model>/bootstrap, the whole function
	@ls -l $<

$(OUT)/%.o: %.c Makefile | setup-build
	@mkdir -p $(@D)
	@$(if $(V),,echo CC $@)
	$(Q)$(TARGET_CC) $(FLAGS) $(DIR_FLAGS) -c $< -o $@

$(LIB): $(ENGINE:%.c=$(OUT)/%.o) $(SYSTEM:%.c=$(OUT)/%.o)
	@rm -f $@
	$(Q)$(CROSS)gcc-ar rcs $@ $^

# The model is one object, on pages of its own when it is a page or more.
# MODEL=none is a function that carries none and reads model.mote beside its
# executable.
$(OUT)/none/blob.o: core/function/blob.S | setup-build
	@mkdir -p $(@D)
	$(Q)$(TARGET_CC) -c $< -o $@

.SECONDEXPANSION:
$(OUT)/%/blob.o: core/function/blob.S models/$$*/$$*.mote | setup-build
	@mkdir -p $(@D)
	$(Q)$(TARGET_CC) -DMOTE_BLOB='"models/$*/$*.mote"' \
		-DMOTE_ALIGN=$$(test $$(wc -c <models/$*/$*.mote) -lt 4096 && echo 64 || echo 4096) \
		-c $< -o $@

$(OUT)/%/bootstrap: $(OUT)/core/function/main.o $(OUT)/%/blob.o $(LIB)
	$(Q)$(TARGET_CC) $(LINK.$(MODE)) $^ -o $@.full
	$(Q)$(if $(filter release,$(MODE)),$(CROSS)strip $@.full -o $@,cp $@.full $@)

-include $(shell find build -name '*.d' 2>/dev/null)

# ------------------------------------------------------------------ set-up

# Each looks first and installs only what is missing; a second look is free.
setup-%:
	@tools/setup.sh $*
