#!/usr/bin/env bash
# tools/install.sh PYTHON VENV LOCKFILE: makes the venv when it is missing and installs a lock file into it.
# Quick, because the first start is what a visitor waits for:
# - three pip processes at once. Every version is pinned and nothing is resolved, so the list can be cut anywhere;
#   one pip alone spends its time on one core, reading index pages and unpacking.
# - the wheels are kept in the user's cache: half of pip's time is finding them in the index. A folder of wheels
#   is also all that a machine without internet needs (`make wheels`).
# - the venv borrows the pip of PYTHON where it has one; unpacking pip into the venv takes longer than making it.
# - --no-compile: Python compiles what is really imported.
set -euo pipefail
python=$1 venv=$2 lock=$3 parts=3

[ -x "$venv/bin/python" ] || "$python" -m venv --without-pip "$venv"
# What `pip --python` runs, without starting Python twice.
runner=$("$python" -c 'import os, pip; print(os.path.join(os.path.dirname(pip.__file__), "__pip-runner__.py"))' 2> /dev/null || true)
if [ -f "$runner" ]; then
    pip=("$venv/bin/python" "$runner")
else
    "$venv/bin/python" -m pip --version > /dev/null 2>&1 || "$venv/bin/python" -m ensurepip > /dev/null
    pip=("$venv/bin/python" -m pip)
fi
quiet=(--quiet --disable-pip-version-check --no-input --no-deps)

if [ -d wheels ]; then
    wheels=$PWD/wheels          # carried here: look nowhere else
    complete=yes
else
    key=$({ "$python" -VV; cat "$lock"; } | cksum | cut -d ' ' -f 1)
    wheels=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/cim-cockpit/$(basename "$lock" .lock)-$key
    mkdir -p "$wheels"
    complete=$([ -e "$wheels/complete" ] && echo yes || echo no)
fi

install() {     # one part of the lock file
    [ $complete = yes ] || "${pip[@]}" download "${quiet[@]}" --dest "$wheels" -r "$1"
    "${pip[@]}" install "${quiet[@]}" --no-compile --no-index --find-links "$wheels" -r "$1"
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grep -vE '^[[:space:]]*(#|$)' "$lock" | awk -v dir="$work" -v n=$parts '{ print > (dir "/" NR % n) }'
jobs=()
for part in "$work"/*; do
    install "$part" &
    jobs+=($!)
done
failed=0
for job in "${jobs[@]}"; do wait "$job" || failed=1; done
if [ $failed -ne 0 ]; then
    echo "The dependencies could not be installed; the lines above say why. Then run the same command again." >&2
    exit 1
fi
[ $complete = yes ] || touch "$wheels/complete"
