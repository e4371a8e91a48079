# Shared by the scripts; sourced, never run. Leaves the shell in the repository's root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# The flags of every strict build. All scripts use the same ones, so that what one has built the next one reuses.
# SwiftPM keeps -warnings-as-errors away from dependencies, so their warnings do not count.
strict_flags=(
    -Xswiftc -warnings-as-errors
    -Xswiftc -require-explicit-sendable
    --explicit-target-dependency-import-check error
)
# A compiler newer than ours may know new warnings: CONTRAIL_STRICT=0 builds without the strictness.
if [ "${CONTRAIL_STRICT:-1}" = 0 ]; then strict_flags=(); fi

say() { if [ -t 1 ]; then printf '\033[1m%s\033[0m\n' "$*"; else printf '%s\n' "$*"; fi; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Runs a command whose output is of interest only if it fails: all of it goes to the log, the tail to the terminal.
quietly() {
    local log=$1; shift
    mkdir -p "$(dirname "$log")"
    local code=0
    "$@" >"$log" 2>&1 || code=$?
    [ "$code" -ne 0 ] || return 0
    # What the compiler says is an error comes first: the tail of a parallel build is often something else.
    grep -E '(error|warning):' "$log" | grep -v ' which are unhandled; ' | sort -u | head -n 20 >&2 || true
    tail -n 25 "$log" >&2
    printf 'whole output: %s\n' "$log" >&2
    return "$code"
}
