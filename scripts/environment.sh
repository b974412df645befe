# Sourced by the other scripts: goes to the repository's root and makes .venv there.
#
#     require_environment EXTRAS GROUP
#
# installs the package itself (editable) with its EXTRAS ("" for none) and the dependency GROUP
# ("" for none), unless pyproject.toml is the one that was last installed from.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
root=$PWD
python=$root/.venv/bin/python

# The matrix products of the demo and the tests are tiny: BLAS threads would only wait for each
# other, on a busy machine a hundred times longer than the product takes.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

find_python() {
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed, and no python3 on the PATH is"
}

make_environment() {
    local base
    base=$(find_python) || exit 1
    "$base" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$base has no venv module: install it (Debian, Ubuntu: apt install python3-venv)"
    say "making .venv with $base"
    rm -rf "$root/.venv" && "$base" -m venv "$root/.venv" || fail "no virtual environment was made"
}

install_package() {
    local extras=$1 group=$2 target=.
    [ -z "$extras" ] || target=".[$extras]"
    say "installing onelayer${group:+ and what its tests need}"
    # Dependency groups need pip 25.1, newer than the one that Python 3.11 brings.
    "$python" -m pip install -qq --upgrade 'pip>=25.1' || fail "pip could not be upgraded"
    "$python" -m pip install -qq --editable "$target" ${group:+--group "$group"} ||
        fail "the installation failed: see above"
}

require_environment() {
    local stamp="$root/.venv/installed-${2:-package}" current
    current="$1 $(cksum <"$root/pyproject.toml")"
    "$python" -c 'import pip' 2>/dev/null || make_environment
    if [ "$(cat "$stamp" 2>/dev/null)" != "$current" ]; then
        rm -f "$stamp"
        install_package "$1" "$2"
        printf '%s\n' "$current" >"$stamp"
    fi
}
