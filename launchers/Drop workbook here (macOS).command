#!/bin/bash
# Double-click this file, drag a workbook into the window that opens, press Return:
# its report opens in the browser. (Finder hands nothing to a .command file that something is
# dropped on, so the workbook goes into the window.) A path given as an argument works as well.
set -u
run="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/run.py"

stay() {
    printf '\n%s\n\nPress Return to close this window. ' "$1"
    read -r _
    exit "$2"
}

[ -f "$run" ] || stay 'run.py was not found. Keep this file in the folder "launchers" where it came.' 1

workbook="${1-}"
if [ -z "$workbook" ]; then
    printf 'Drag the workbook into this window and press Return.\n> '
    # without -r: Terminal writes a dragged path with a backslash before each space
    # shellcheck disable=SC2162
    read workbook || true
    workbook="${workbook#[\'\"]}"
    workbook="${workbook%[\'\"]}"
fi
[ -f "$workbook" ] || stay 'No workbook was found there.' 1

# what is installed by python.org and by Homebrew may be missing from a bare PATH
PATH="$PATH:/usr/local/bin:/opt/homebrew/bin"
for python in python3 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        "$python" "$run" report "$workbook" --open ||
            stay 'No report was made; the lines above say why.' 1
        stay 'Done.' 0
    fi
done
stay 'Python 3.11 or newer was not found. Install it from https://www.python.org/downloads/ and try again.' 1
