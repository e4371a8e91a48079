// One multi handle with what belongs to it: TLS sessions, the timer libcurl asked for, and the list of transfers that
// have news. Belongs to one thread at a time. A turn is: begin, whatever there is to do, end; between two turns its thread waits.
#ifndef CONTRAIL_LOOP_H
#define CONTRAIL_LOOP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "contrail_epoll.h"
#include "contrail_portable.h"
#include "contrail_slot.h"

typedef struct contrail_loop {
    CURLM *_Nonnull multi;
    /// TLS sessions only: one connection pool is one thread's, and libcurl 7.88 keeps sessions per easy handle.
    CURLSH *_Nonnull share;
    /// Exactly one of the two is there: what the loop waits on.
    contrail_epoll *_Nullable epoll;
    contrail_portable *_Nullable portable;
    /// When libcurl wants to be called for a timer; INT64_MAX: not at all, 0: at once.
    int64_t timer_at;
    contrail_slot *_Nullable first_news;
    contrail_slot *_Nullable last_news;
    uint64_t sockets_opened, sockets_closed;
    /// Transfers with a body that goes out in its own time.
    size_t uploads;
} contrail_loop;

/// One of `epoll` and `portable` is given, and outlives the loop. NULL if memory or descriptors are out.
contrail_loop *_Nullable contrail_loop_create(contrail_epoll *_Nullable epoll, contrail_portable *_Nullable portable,
                                              long max_connections);
/// All slots must be removed and destroyed. Closes the connections.
void contrail_loop_destroy(contrail_loop *_Nonnull loop);
/// Closes all connections by replacing the multi handle. Only while nothing runs. False: memory or descriptors are out,
/// nothing done.
bool contrail_loop_recycle(contrail_loop *_Nonnull loop, long max_connections);

/// Hands the transfer to libcurl; nothing happens before its timers run or the next turn.
CURLMcode contrail_loop_add(contrail_loop *_Nonnull loop, contrail_slot *_Nonnull slot);
/// Takes the transfer back, whatever its state. An unfinished HTTP/1 transfer loses its connection.
void contrail_loop_remove(contrail_loop *_Nonnull loop, contrail_slot *_Nonnull slot);
/// Runs libcurl's timers as long as one is due, `max_rounds` times at most.
void contrail_loop_run_timers(contrail_loop *_Nonnull loop, int max_rounds);
/// Waits (`timeout_ms` < 0: without limit). Returns how much is ready; less than 0: waiting is no longer possible. With epoll,
/// another thread may make turns of its own meanwhile.
int contrail_loop_wait(contrail_loop *_Nonnull loop, int timeout_ms);
/// Begins a turn, and hands what is `ready` by the last wait to libcurl; 0 if there was none.
void contrail_loop_begin(contrail_loop *_Nonnull loop, int ready);
/// Ends a turn. `waits`: ``contrail_loop_wait`` comes next.
void contrail_loop_end(contrail_loop *_Nonnull loop, bool waits);
/// The next transfer that is over, taken back from libcurl, with its result. NULL: no more.
contrail_slot *_Nullable contrail_loop_next_done(contrail_loop *_Nonnull loop, CURLcode *_Nonnull result);

void contrail_loop_add_news(contrail_loop *_Nonnull loop, contrail_slot *_Nonnull slot, uint32_t news);
/// The next transfer with news, and which; NULL: no more.
contrail_slot *_Nullable contrail_loop_next_news(contrail_loop *_Nonnull loop, uint32_t *_Nonnull news);
void contrail_loop_forget_news(contrail_loop *_Nonnull loop, contrail_slot *_Nonnull slot);

#endif
