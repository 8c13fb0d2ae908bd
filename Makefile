# Moongate. `make help` lists what there is to make. Objects go to
# build/<config>/, where CONFIG is release (default), asan or fuzz (clang).

VERSION    := 0.1.0
PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
CONFIG     ?= release
BUILD      ?= build
PYTHON     := /usr/bin/python3
KILLS      ?= 10000
DRIVER     ?= gsm
FUZZ_SECONDS ?= 60
SEEDS      ?= 20

# Debian packages. A name that a release does not have is skipped with a word
# (tests/deps.sh); tests that need it are then skipped too.
DEPS_BUILD := gcc libc6-dev pkg-config libuv1-dev libstrophe-dev \
    libexpat1-dev libjson-c-dev libconfig-dev libsqlite3-dev libssl-dev \
    libserialport-dev libcurl4-openssl-dev libmicrohttpd-dev uthash-dev
DEPS_DEMO := prosody python3 python3-slixmpp python3-aiohttp
DEPS_TEST := libcmocka-dev python3-pytest prosody-modules ejabberd gammu gammu-smsd smstools \
    kannel modemmanager ofono dbus libglib2.0-bin faketime \
    go-sendxmpp profanity python3-pyte chromium chromium-driver \
    python3-selenium \
    valgrind clang clang-format libclang-rt-dev|libclang-rt-14-dev \
    universal-ctags openssl

PACKAGES := libuv libstrophe expat json-c libconfig sqlite3 openssl libcurl \
    libmicrohttpd libserialport
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
    -Wpointer-arith -Wwrite-strings -Wformat=2 -Wvla -Werror \
    -Wno-unknown-warning-option -Wno-unused-result -Wno-format-truncation
INCLUDES := -Igateway -Idrivers
CFLAGS_release := -O2 -g -fPIE -fstack-protector-strong \
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
LDFLAGS_release := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS_asan := -O1 -g -fno-omit-frame-pointer $(SANITIZE)
LDFLAGS_asan := $(SANITIZE)
CFLAGS_fuzz := $(CFLAGS_asan) -fsanitize=fuzzer-no-link
LDFLAGS_fuzz := $(SANITIZE)

override CC := $(if $(filter fuzz,$(CONFIG)),clang,$(CC))
PROGRAM := $(BUILD)/$(if $(filter release,$(CONFIG)),,$(CONFIG)/)moongate
O := $(BUILD)/$(CONFIG)

pkg_cflags := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
pkg_libs := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
COMPILE = $(CC) -std=c11 -D_GNU_SOURCE \
    -DMOONGATE_VERSION='"$(VERSION)"' $(WARNINGS) $(INCLUDES) \
    $(CFLAGS_$(CONFIG)) $(pkg_cflags) $(CPPFLAGS) $(CFLAGS)
LINK = $(CC) $(CFLAGS_$(CONFIG)) $(CFLAGS) $(LDFLAGS_$(CONFIG)) $(LDFLAGS)
LIBS = $(pkg_libs) -lpthread
# V=1 shows whole commands.
say = $(if $(V),,@echo '  $(1) $(@F)';)

SOURCES := $(sort $(wildcard gateway/*.c gateway/*/*.c drivers/*.c \
    drivers/*/*.c))
OBJECTS := $(SOURCES:%.c=$(O)/%.o)
MAIN := $(O)/gateway/main.o
LIBRARY := $(O)/moongate.a
# Driver tests run against a fake core: everything a driver may call is there.
BELOW_CORE := $(O)/drivers.a
UNIT := $(sort $(patsubst %.c,$(O)/%,$(wildcard tests/unit/test_*.c)))
UNIT_GSM := $(filter $(O)/tests/unit/test_gsm_% \
    $(O)/tests/unit/test_telegram_driver,$(UNIT))
UNIT_XMPP := $(filter $(O)/tests/unit/test_xmpp_% \
    $(O)/tests/unit/test_command,$(UNIT))
FUZZ := $(sort $(patsubst %.c,$(O)/%,$(wildcard tests/fuzz/fuzz_*.c)))
FAKE_CORE := $(addprefix $(O)/tests/unit/,fake_core.o fake_line.o)
WIRE := $(O)/tests/bench/wire.o
TOOLS := $(filter-out $(WIRE:.o=),$(patsubst %.c,$(O)/%,$(sort \
    $(wildcard tests/bench/*.c))))
# Tests of commands and of the XMPP side run against a fake network.
BESIDE_CORE := $(O)/xmpp.a
FAKE_NETWORK := $(addprefix $(O)/tests/unit/,fake_network.o fake_toolkit.o)

.PHONY: all deps deps-demo test unit scenario servers demo bench crash soak lint \
    format asan fuzz unit-programs fuzz-programs tools install uninstall \
    clean help run-all FORCE
.SECONDARY:
.DELETE_ON_ERROR:

all: $(PROGRAM) ## build build/moongate (default)

deps: ## install the Debian packages that building and testing need
	@tests/deps.sh "$(DEPS_BUILD) $(DEPS_DEMO) $(DEPS_TEST)"

deps-demo:
	@tests/deps.sh "$(DEPS_BUILD) $(DEPS_DEMO)"

test: deps ## install, build, lint and run every test (under 20 minutes)
	@$(MAKE) --no-print-directory run-all

unit: all unit-programs ## run the unit tests
	@$(RUN) unit

scenario: all tools ## run the scenario tests against real servers
	@$(RUN) scenario

servers: all tools ## every scenario on each server in each way (SERVERS="ejabberd")
	@SERVERS="$(SERVERS)" $(RUN) servers

lint: ## check layers, banned calls, sizes, format and docs
	@tests/lint.sh

format: ## run clang-format over the tree
	@clang-format -i $$(find gateway drivers tests -name '*.[ch]')

demo: deps-demo ## a private Prosody, two users, a simulated phone: watch it
	@$(MAKE) --no-print-directory all
	@MOONGATE=$(abspath $(PROGRAM)) $(PYTHON) tests/demo/demo.py

bench: all tools ## measure the figures of the design, yardsticks included
	@MOONGATE=$(abspath $(PROGRAM)) TOOLS=$(abspath $(O)/tests/bench) \
	    $(PYTHON) tests/bench/run.py

crash: all ## kill -9 it KILLS=10000 times, audit (DRIVER=gsm, http, telegram)
	@MOONGATE=$(abspath $(PROGRAM)) KILLS=$(KILLS) DRIVER=$(DRIVER) \
	    $(PYTHON) tests/crash/run.py

soak: all ## each family of modems under faults, SEEDS=20 (PROFILE= SEED=: one)
	@MOONGATE=$(abspath $(PROGRAM)) SEEDS=$(SEEDS) $(PYTHON) tests/soak/run.py

asan: ## the whole suite with address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory CONFIG=asan run-all

fuzz: ## every fuzz target for FUZZ_SECONDS=60
	@$(MAKE) --no-print-directory CONFIG=fuzz fuzz-programs
	@tests/fuzz.sh $(BUILD)/fuzz $(FUZZ_SECONDS)

RUN = MOONGATE=$(abspath $(PROGRAM)) UNIT=$(abspath $(O)/tests/unit) \
    TOOLS=$(abspath $(O)/tests/bench) tests/run

run-all: all unit-programs tools
	@$(RUN)

unit-programs: $(UNIT)
fuzz-programs: $(FUZZ)
tools: $(TOOLS)

$(PROGRAM): $(MAIN) $(LIBRARY)
	$(call say,LD)$(LINK) -o $@ $^ $(LIBS)

$(LIBRARY): $(filter-out $(MAIN),$(OBJECTS))
$(BELOW_CORE): $(filter $(addprefix $(O)/,gateway/base/% gateway/toolkit/% \
    drivers/%),$(OBJECTS))
$(BESIDE_CORE): $(filter $(addprefix $(O)/gateway/,base/% toolkit/% xmpp/% \
    core/account_settings.o core/command.o core/command_value.o \
    core/command_words.o),$(OBJECTS)) $(O)/tests/unit/fake_commands.o
$(LIBRARY) $(BELOW_CORE) $(BESIDE_CORE):
	@rm -f $@ && ar rcs $@ $^

$(UNIT): %: %.o
	$(call say,LD)$(LINK) -o $@ $^ $(LIBS) -lcmocka
$(UNIT_GSM): $(FAKE_CORE) $(BELOW_CORE)
$(UNIT_XMPP): $(FAKE_NETWORK) $(BESIDE_CORE)
$(filter-out $(UNIT_GSM) $(UNIT_XMPP),$(UNIT)): $(LIBRARY)

$(O)/tests/fuzz/fuzz_%: $(O)/tests/fuzz/fuzz_%.o $(LIBRARY)
	$(call say,LD)$(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS)
$(O)/tests/bench/%: $(O)/tests/bench/%.o $(WIRE) $(LIBRARY)
	$(call say,LD)$(LINK) -o $@ $^ $(LIBS)

# Another compiler or other flags make everything again.
$(O)/flags: FORCE
	$(shell mkdir -p $(O))$(file >$@.new,$(COMPILE) $(LINK))
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(COMPILE) -MMD -MP -c -o $@ $<

-include $(shell find $(O) -name '*.d' 2>/dev/null)

# The references come from the program, so that they cannot disagree.
$(BUILD)/moongate.1: conf/man/moongate.1.in $(PROGRAM)
	$(PROGRAM) help --man >$@.commands
	sed -e '/^@COMMANDS@$$/{r $@.commands' -e 'd}' $< >$@
	@rm -f $@.commands

$(BUILD)/moongate.conf.5: conf/man/moongate.conf.5.in $(PROGRAM)
	$(PROGRAM) options --man >$@.options
	sed -e '/^@OPTIONS@$$/{r $@.options' -e 'd}' $< >$@
	@rm -f $@.options

INSTALL_AT := $(DESTDIR)$(PREFIX)
UNIT_AT := $(INSTALL_AT)/lib/systemd/system

install: all $(BUILD)/moongate.1 $(BUILD)/moongate.conf.5 ## PREFIX=/usr/local DESTDIR= SYSCONFDIR=/etc
	install -Dm755 $(PROGRAM) $(INSTALL_AT)/bin/moongate
	install -Dm644 -t $(INSTALL_AT)/share/man/man1 $(BUILD)/moongate.1
	install -Dm644 -t $(INSTALL_AT)/share/man/man5 $(BUILD)/moongate.conf.5
	install -Dm644 -t $(INSTALL_AT)/share/doc/moongate/servers conf/servers/*
	install -Dm644 -t $(INSTALL_AT)/share/moongate/providers conf/providers/*
	install -d $(UNIT_AT) $(INSTALL_AT)/lib/sysusers.d
	sed 's|@PREFIX@|$(PREFIX)|g; s|@SYSCONFDIR@|$(SYSCONFDIR)|g' \
	    conf/systemd/moongate.service >$(UNIT_AT)/moongate.service
	install -m644 conf/systemd/moongate.sysusers \
	    $(INSTALL_AT)/lib/sysusers.d/moongate.conf
	install -Dm644 -t $(INSTALL_AT)/share/doc/moongate conf/moongate.conf
	test -e $(DESTDIR)$(SYSCONFDIR)/moongate/moongate.conf || \
	    install -Dm644 -t $(DESTDIR)$(SYSCONFDIR)/moongate conf/moongate.conf
	@test -n "$(DESTDIR)" || ! command -v systemd-sysusers >/dev/null || \
	    systemd-sysusers $(PREFIX)/lib/sysusers.d/moongate.conf

uninstall: ## leaves the configuration and the state
	rm -f $(INSTALL_AT)/bin/moongate $(UNIT_AT)/moongate.service \
	    $(INSTALL_AT)/lib/sysusers.d/moongate.conf \
	    $(INSTALL_AT)/share/man/man1/moongate.1 \
	    $(INSTALL_AT)/share/man/man5/moongate.conf.5
	rm -rf $(INSTALL_AT)/share/doc/moongate $(INSTALL_AT)/share/moongate

clean: ## remove build/
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 14
