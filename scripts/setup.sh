#!/bin/sh
# Makes this machine and ./.venv ready: `sh scripts/setup.sh demo` or `sh scripts/setup.sh test`.
#
# Knows Debian 12/13 and Ubuntu 24.04. Installs system packages only where something is really missing, as root or
# through a sudo that asks nothing; otherwise prints the one apt line to run and exits 2. A second run finds everything
# in place, touches no network and ends at once. PYTHON=python3.12 chooses the interpreter.
#
# There is one environment for everything. A lighter one for the demo would need a second lock file, and the two would
# drift; what differs is only what the system must provide (a browser, fonts and a C compiler are for the tests alone).
set -eu

purpose=${1:-test}
case $purpose in
demo | test) ;;
*)
    echo "setup.sh: unknown purpose '$purpose'; say demo or test" >&2
    exit 64
    ;;
esac
cd "$(dirname "$0")/.."
venv=.venv
stamp=$venv/.setup-stamp

say() { printf '%s\n' "setup: $*"; }

# --- which Python -----------------------------------------------------------------------------------------------------

# Prints "3.11 yes" (version, has venv and ensurepip) when the named interpreter is one we support, else fails.
describe_python() {
    "$1" -c '
import importlib.util as u, sys
v = sys.version_info[:2]
if not (3, 11) <= v < (3, 14):
    sys.exit(1)
print("%d.%d" % v, "yes" if u.find_spec("venv") and u.find_spec("ensurepip") else "no")
' 2>/dev/null
}

# Sets $python to a supported interpreter, one that can make environments if there is any; and $venv_package to what
# apt must add when there is none.
choose_python() {
    python='' venv_package=''
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 /usr/bin/python3}; do
        described=$(describe_python "$candidate") || continue
        if [ "${described#* }" = yes ]; then
            python=$candidate venv_package=''
            return
        fi
        [ -n "$python" ] || python=$candidate venv_package="python${described%% *}-venv"
    done
    if [ -z "$python" ]; then
        if [ -n "${PYTHON:-}" ]; then
            say "PYTHON=$PYTHON is not a working Python 3.11, 3.12 or 3.13; unset it or name another" >&2
            exit 2
        fi
        python=python3 venv_package='python3 python3-venv'
    fi
}

# --- what the system must provide -------------------------------------------------------------------------------------

has_library() {
    for ldconfig in ldconfig /sbin/ldconfig /usr/sbin/ldconfig; do
        command -v "$ldconfig" >/dev/null 2>&1 && "$ldconfig" -p 2>/dev/null | grep -q "$1" && return 0
    done
    return 1
}

has_browser() {
    for browser in chromium chromium-browser google-chrome; do
        command -v "$browser" >/dev/null 2>&1 && return 0
    done
    return 1
}

# A compiler without the C library's headers compiles nothing.
has_compiler() {
    command -v gcc >/dev/null 2>&1 && echo '#include <stdio.h>' | gcc -E -x c - >/dev/null 2>&1
}

# Sets $missing to the apt packages without which $purpose would fail.
find_missing() {
    missing=$venv_package
    has_library 'libGL\.so\.1' || missing="$missing libgl1"   # Kivy draws with it
    has_library 'libEGL\.so\.1' || missing="$missing libegl1" # and with this where there is no screen
    if [ "$purpose" = test ]; then
        has_browser || missing="$missing chromium" # head office's pages are tested in a real browser
        has_compiler || missing="$missing gcc libc6-dev" # the disk that a till is tested on is a small C library
        # Chinese glyphs for that browser; the till brings its own font.
        [ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || missing="$missing fonts-noto-cjk"
    fi
    missing=${missing# }
}

install_missing() {
    if ! command -v apt-get >/dev/null 2>&1; then
        say "this system has no apt-get; please provide what these Debian packages contain: $missing" >&2
        exit 2
    fi
    if [ "$(id -u)" = 0 ]; then
        as_root=''
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root=sudo
    else
        say "some system packages are missing. Please run this once, then try again:" >&2
        printf '\n    sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n\n' "$missing" >&2
        exit 2
    fi
    say "installing $missing"
    # shellcheck disable=SC2086  # $missing is a list, and $as_root may be empty
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -qq update
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -qq install -y \
        --no-install-recommends $missing >/dev/null
}

# --- the environment --------------------------------------------------------------------------------------------------

# What the environment was made from: lock, project file and interpreter. Printed by the given Python.
fingerprint() {
    "$1" -c '
import hashlib, pathlib, sys
h = hashlib.sha256(sys.version.encode())
for name in ("requirements.lock", "pyproject.toml"):
    h.update(pathlib.Path(name).read_bytes())
print(h.hexdigest())
' 2>/dev/null
}

same_python() {
    [ -x "$venv/bin/python" ] && [ "$(fingerprint "$venv/bin/python")" = "$(fingerprint "$python")" ]
}

make_environment() {
    if ! same_python; then
        say "making $venv with $("$python" --version)"
        rm -rf "$venv"
        "$python" -m venv "$venv"
    fi
    say "installing the locked packages"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes --only-binary :all: \
        -r requirements.lock
    # The tree itself, editable: --no-build-isolation takes the build backend from the lock, so this needs no network.
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
    fingerprint "$venv/bin/python" >"$stamp"
    say "ready"
}

up_to_date() {
    [ -f "$stamp" ] && [ -x "$venv/bin/python" ] && [ "$(cat "$stamp")" = "$(fingerprint "$venv/bin/python")" ] || return 1
    [ -z "${PYTHON:-}" ] || same_python
}

python=${PYTHON:-}
if up_to_date; then
    venv_package=''
    find_missing
    [ -z "$missing" ] || install_missing
else
    choose_python
    find_missing
    [ -z "$missing" ] || install_missing
    make_environment
fi
