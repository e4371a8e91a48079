// Descriptors, what libcurl wants to know about each, and what the kernel was told. Linux only; elsewhere what the
// callbacks tell goes nowhere.
//
// On a pooled connection the wish changes with every request, so it is only written down and the difference is told to
// the kernel right before it is asked to wait; an idle connection stays registered for reading. That makes about none
// instead of two system calls per request.
//
// Deferring is safe only where the close is announced. Two kinds of sockets close silently: those of the resolver, and
// in libcurl 7.88.0 to 8.1.2 those that never connected. So a socket is told to the kernel at once, without trusting
// what was noted, until a transfer has succeeded on it ("settled").
#ifndef CONTRAIL_EPOLL_H
#define CONTRAIL_EPOLL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "contrail_platform.h"

typedef struct contrail_epoll contrail_epoll;

#if CONTRAIL_HAS_EPOLL

/// NULL on failure, with the reason in `error` (an errno value).
contrail_epoll *_Nullable contrail_epoll_create(int *_Nonnull error);
void contrail_epoll_destroy(contrail_epoll *_Nonnull epoll);

/// Ends the wait in progress or the next one. From any thread, as long as the epoll is there.
void contrail_epoll_wake(contrail_epoll *_Nonnull epoll);

/// Before libcurl acts, and behind it: tells the kernel what has changed. `waits`: ``contrail_epoll_wait`` comes next.
void contrail_epoll_begin(contrail_epoll *_Nonnull epoll);
void contrail_epoll_end(contrail_epoll *_Nonnull epoll, bool waits);
/// Waits (`timeout_ms` < 0: without limit). Returns the number of events, or a negative errno value.
/// Meanwhile another thread may use everything here but this and ``contrail_epoll_dispatch``.
int contrail_epoll_wait(contrail_epoll *_Nonnull epoll, int timeout_ms);
/// Hands `count` events, those of the last wait, to libcurl.
void contrail_epoll_dispatch(contrail_epoll *_Nonnull epoll, CURLM *_Nonnull multi, int count);

// Told by the callbacks.
bool contrail_epoll_opened(contrail_epoll *_Nonnull epoll, int descriptor);
void contrail_epoll_closed(contrail_epoll *_Nonnull epoll, int descriptor);
void contrail_epoll_settled(contrail_epoll *_Nonnull epoll, int descriptor);
void contrail_epoll_interest(contrail_epoll *_Nonnull epoll, int descriptor, int what);

#else

static inline bool contrail_epoll_opened(contrail_epoll *_Nonnull epoll, int descriptor) {
    (void)epoll, (void)descriptor;
    return true;
}
static inline void contrail_epoll_closed(contrail_epoll *_Nonnull epoll, int descriptor) { (void)epoll, (void)descriptor; }
static inline void contrail_epoll_settled(contrail_epoll *_Nonnull epoll, int descriptor) { (void)epoll, (void)descriptor; }
static inline void contrail_epoll_interest(contrail_epoll *_Nonnull epoll, int descriptor, int what) {
    (void)epoll, (void)descriptor, (void)what;
}

#endif

#endif
