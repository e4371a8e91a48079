#include "contrail_epoll.h"

#if CONTRAIL_HAS_EPOLL

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_PER_TURN = 256 };

typedef struct entry {
    uint32_t have; // what the kernel was told
    uint32_t want; // what libcurl asked for
    uint64_t opened_in_turn;
    bool settled;
    bool dirty;
} entry;

struct contrail_epoll {
    int epoll;
    int wake;
    uint64_t turn;
    /// The turn in which the kernel was last asked to wait.
    uint64_t waits_since;
    entry *table;
    size_t table_count;
    int *dirty;
    size_t dirty_count, dirty_capacity;
    struct epoll_event events[EVENTS_PER_TURN];
};

contrail_epoll *contrail_epoll_create(int *error) {
    contrail_epoll *epoll = calloc(1, sizeof *epoll);
    if (epoll == NULL) {
        *error = ENOMEM;
        return NULL;
    }
    epoll->epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    // Edge-triggered: every write is an event, and nobody needs to read the counter back.
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {.fd = epoll->wake}};
    if (epoll->epoll >= 0 && epoll->wake >= 0 && epoll_ctl(epoll->epoll, EPOLL_CTL_ADD, epoll->wake, &event) == 0)
        return epoll;
    *error = errno;
    contrail_epoll_destroy(epoll);
    return NULL;
}

void contrail_epoll_destroy(contrail_epoll *epoll) {
    if (epoll->epoll >= 0) close(epoll->epoll);
    if (epoll->wake >= 0) close(epoll->wake);
    free(epoll->table);
    free(epoll->dirty);
    free(epoll);
}

void contrail_epoll_wake(contrail_epoll *epoll) {
    uint64_t one = 1;
    // It can only fail by overflow, after 2^64 wakes.
    ssize_t written = write(epoll->wake, &one, sizeof one);
    (void)written;
}

static entry *entry_of(contrail_epoll *epoll, int descriptor) {
    size_t index = (size_t)descriptor;
    if (index < epoll->table_count) return &epoll->table[index];
    size_t count = epoll->table_count < 64 ? 64 : epoll->table_count * 2;
    if (count <= index) count = index + 1;
    entry *table = realloc(epoll->table, count * sizeof *table);
    if (table == NULL) return NULL;
    memset(table + epoll->table_count, 0, (count - epoll->table_count) * sizeof *table);
    epoll->table = table;
    epoll->table_count = count;
    return &table[index];
}

/// Makes the kernel's set hold `descriptor` with `want`, whatever was noted about it.
static void tell(contrail_epoll *epoll, int descriptor, entry *entry) {
    struct epoll_event event = {.events = entry->want, .data = {.fd = descriptor}};
    int first = entry->have != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    int second = entry->have != 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    int error = epoll_ctl(epoll->epoll, first, descriptor, &event);
    if (error != 0 && (errno == ENOENT || errno == EEXIST))
        error = epoll_ctl(epoll->epoll, second, descriptor, &event);
    entry->have = error == 0 ? entry->want : 0;
}

static void drop(contrail_epoll *epoll, int descriptor, entry *entry) {
    struct epoll_event unused = {0};
    epoll_ctl(epoll->epoll, EPOLL_CTL_DEL, descriptor, &unused);
    entry->have = 0;
}

static bool mark_dirty(contrail_epoll *epoll, int descriptor, entry *entry) {
    if (entry->dirty) return true;
    if (epoll->dirty_count == epoll->dirty_capacity) {
        size_t capacity = epoll->dirty_capacity == 0 ? 64 : epoll->dirty_capacity * 2;
        int *dirty = realloc(epoll->dirty, capacity * sizeof *dirty);
        if (dirty == NULL) return false;
        epoll->dirty = dirty;
        epoll->dirty_capacity = capacity;
    }
    epoll->dirty[epoll->dirty_count++] = descriptor;
    entry->dirty = true;
    return true;
}

bool contrail_epoll_opened(contrail_epoll *epoll, int descriptor) {
    entry *entry = entry_of(epoll, descriptor);
    if (entry == NULL) return false;
    // The number may have belonged to a socket that closed silently: nothing noted about it holds.
    entry->have = entry->want = 0;
    entry->settled = false;
    entry->opened_in_turn = epoll->turn;
    return true;
}

void contrail_epoll_closed(contrail_epoll *epoll, int descriptor) {
    entry *entry = entry_of(epoll, descriptor);
    if (entry == NULL) return;
    entry->have = entry->want = 0; // closing takes it out of the kernel's set
    entry->settled = false;
}

void contrail_epoll_settled(contrail_epoll *epoll, int descriptor) {
    entry *entry = entry_of(epoll, descriptor);
    if (entry != NULL) entry->settled = true;
}

void contrail_epoll_interest(contrail_epoll *epoll, int descriptor, int what) {
    entry *entry = entry_of(epoll, descriptor);
    if (entry == NULL) return; // only out of memory: the transfer ends by its deadline
    entry->want = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) entry->want |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) entry->want |= EPOLLOUT;
    if (entry->settled && mark_dirty(epoll, descriptor, entry)) return;
    if (entry->want != 0) tell(epoll, descriptor, entry);
    else drop(epoll, descriptor, entry);
}

void contrail_epoll_begin(contrail_epoll *epoll) { epoll->turn++; }

void contrail_epoll_end(contrail_epoll *epoll, bool waits) {
    if (waits) epoll->waits_since = epoll->turn;
    for (size_t index = 0; index < epoll->dirty_count; index++) {
        int descriptor = epoll->dirty[index];
        entry *entry = &epoll->table[descriptor];
        entry->dirty = false;
        // Wanting nothing is told when something happens on it: until then registration costs nothing.
        if (entry->settled && entry->want != 0 && entry->want != entry->have) tell(epoll, descriptor, entry);
    }
    epoll->dirty_count = 0;
}

static int action(uint32_t events) {
    int mask = 0;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP)) mask |= CURL_CSELECT_IN;
    if (events & EPOLLOUT) mask |= CURL_CSELECT_OUT;
    // Alone it would become "select/poll error"; with a read libcurl finds the reason itself.
    if (events & EPOLLERR) mask |= CURL_CSELECT_ERR | CURL_CSELECT_IN;
    return mask;
}

static void dispatch(contrail_epoll *epoll, CURLM *multi, const struct epoll_event *event) {
    int descriptor = event->data.fd, running;
    if (descriptor == epoll->wake) return;
    entry *entry = entry_of(epoll, descriptor);
    if (entry == NULL) return;
    // What has happened since the kernel was asked, an event of the same batch for one, may have closed the descriptor, and
    // its number may be a new socket's. What is ready on that one is told again.
    if (entry->opened_in_turn > epoll->waits_since) return;
    if (entry->want == 0) {
        drop(epoll, descriptor, entry);
        return;
    }
    curl_multi_socket_action(multi, descriptor, action(event->events), &running);
}

int contrail_epoll_wait(contrail_epoll *epoll, int timeout_ms) {
    int count = epoll_wait(epoll->epoll, epoll->events, EVENTS_PER_TURN, timeout_ms);
    return count >= 0 ? count : errno == EINTR ? 0 : -errno;
}

void contrail_epoll_dispatch(contrail_epoll *epoll, CURLM *multi, int count) {
    for (int index = 0; index < count; index++) dispatch(epoll, multi, &epoll->events[index]);
}

#endif
