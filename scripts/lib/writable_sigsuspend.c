// Loaded before a program that runs under valgrind, by LD_PRELOAD. Valgrind 3.19 writes into the mask that sigsuspend is
// given, and the one of libdispatch is in memory that cannot be written to: without this every Swift program with an
// asynchronous main crashes the tool.
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int sigsuspend(const sigset_t *mask) {
    sigset_t copy = *mask;
    return (int)syscall(SYS_rt_sigsuspend, &copy, 8);
}
