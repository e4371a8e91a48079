# Builds Tests/Tools/shim_driver.c with the C shim and runs it under valgrind, on both pollers: no invalid access, no
# definite leak. First it must find a planted one of each.
source "$(dirname "$0")/common.sh"

build=.build/shim
mkdir -p "$build"
# clang, which knows the shim's nullability; DWARF 4, which every valgrind reads.
clang -std=gnu11 -gdwarf-4 -O1 -Wall -Wextra -Werror -I Sources/CContrailCurlShim/include \
    Sources/CContrailCurlShim/*.c Tests/Tools/shim_driver.c \
    $(pkg-config --cflags --libs libcurl) -lpthread -ldl -o "$build/shim_driver"

mkfifo "$build/port.$$"
python3 scripts/lib/shim_peer.py >"$build/port.$$" &
peer=$!
trap 'kill "$peer" 2>/dev/null || true' EXIT
read -r port <"$build/port.$$"
rm -f "$build/port.$$"

# drive COUNT POLLER [FAULT]
drive() {
    timeout --kill-after=5 300 valgrind -q --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=9 \
        --fair-sched=yes "$build/shim_driver" "$2" "$port" "$1" ${3:+"$3"} 2>&1
}

for fault in "leak:definitely lost" "use-after-free:Invalid read"; do
    code=0
    report=$(drive 60 portable "${fault%%:*}") || code=$?
    [ "$code" = 9 ] && grep -q "${fault#*:}" <<<"$report" ||
        fail "valgrind did not find the planted ${fault%%:*}: $report"
    say "the planted ${fault%%:*} was reported"
done
for poller in epoll portable; do drive 2000 "$poller"; done
say "2000 transfers on each poller: no definite leak, no invalid access"
