#!/usr/bin/env bash
# tools/install.sh PYTHON LOCKFILE: installs a lock file in three pip processes at once.
# One pip spends most of its time reading index pages and unpacking on one core; every version is pinned and
# nothing is resolved, so the list can be cut anywhere. --no-compile: Python compiles what is really imported.
set -euo pipefail
python=$1 lock=$2 parts=3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source=()
[ -d wheels ] && source=(--no-index --find-links wheels)    # brought along for a machine without internet

grep -vE '^[[:space:]]*(#|$)' "$lock" | awk -v dir="$work" -v n=$parts '{ print > (dir "/" NR % n) }'
jobs=()
for part in "$work"/*; do
    "$python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-compile \
        ${source[@]+"${source[@]}"} -r "$part" &
    jobs+=($!)
done
failed=0
for job in "${jobs[@]}"; do wait "$job" || failed=1; done
if [ $failed -ne 0 ]; then
    echo "The dependencies could not be installed; the lines above say which. Run the command again when that is mended." >&2
    exit 1
fi
