#include "contrail_loop.h"

#include <stdlib.h>

#include "contrail_process.h"

/// Records only: every libcurl function called from here is a recursive call.
static int on_timer(CURLM *multi, long milliseconds, void *context) {
    (void)multi;
    contrail_loop *loop = context;
    if (milliseconds < 0) loop->timer_at = INT64_MAX;
    else if (milliseconds == 0) loop->timer_at = 0;
    else loop->timer_at = contrail_now() + (int64_t)milliseconds * 1000000;
    return 0;
}

static int on_interest(CURL *easy, curl_socket_t descriptor, int what, void *context, void *per_socket) {
    (void)per_socket;
    contrail_loop *loop = context;
    if (loop->uploads > 0 && what != CURL_POLL_REMOVE) {
        // libcurl tells the socket of a transfer nowhere else before the transfer is over.
        contrail_slot *slot = NULL;
        if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&slot) == CURLE_OK && slot != NULL)
            slot->upload.descriptor = descriptor;
    }
    contrail_epoll_interest(loop->epoll, descriptor, what);
    return 0;
}

static bool configure(contrail_loop *loop, CURLM *multi, long max_connections) {
    CURLMcode code = CURLM_OK;
#define SET(option, value)                                                                                             \
    if (code == CURLM_OK) code = curl_multi_setopt(multi, option, value)
    if (loop->epoll != NULL) {
        SET(CURLMOPT_SOCKETFUNCTION, on_interest);
        SET(CURLMOPT_SOCKETDATA, loop);
    }
    SET(CURLMOPT_TIMERFUNCTION, on_timer);
    SET(CURLMOPT_TIMERDATA, loop);
    // Unset, it follows the number of handles of the moment, and the pool is trimmed in every lull.
    SET(CURLMOPT_MAXCONNECTS, max_connections);
    SET(CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
#undef SET
    return code == CURLM_OK;
}

/// From here on wakes go to the new handle, if there is one.
static CURLM *make_multi(contrail_loop *loop, long max_connections) {
    CURLM *multi = curl_multi_init();
    if (multi == NULL) return NULL;
    if (configure(loop, multi, max_connections) &&
        (loop->portable == NULL || contrail_portable_attach(loop->portable, multi)))
        return multi;
    curl_multi_cleanup(multi);
    return NULL;
}

contrail_loop *contrail_loop_create(contrail_epoll *epoll, contrail_portable *portable, long max_connections) {
    contrail_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) return NULL;
    loop->epoll = epoll;
    loop->portable = portable;
    loop->timer_at = INT64_MAX;
    loop->share = curl_share_init();
    if (loop->share != NULL &&
        curl_share_setopt(loop->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK)
        loop->multi = make_multi(loop, max_connections);
    if (loop->multi != NULL) return loop;
    if (loop->share != NULL) curl_share_cleanup(loop->share);
    free(loop);
    return NULL;
}

void contrail_loop_destroy(contrail_loop *loop) {
    if (loop->portable != NULL) contrail_portable_attach(loop->portable, NULL);
    curl_multi_cleanup(loop->multi);
    curl_share_cleanup(loop->share);
    free(loop);
}

bool contrail_loop_recycle(contrail_loop *loop, long max_connections) {
    CURLM *fresh = make_multi(loop, max_connections);
    if (fresh == NULL) return false;
    curl_multi_cleanup(loop->multi);
    loop->multi = fresh;
    loop->timer_at = INT64_MAX;
    return true;
}

CURLMcode contrail_loop_add(contrail_loop *loop, contrail_slot *slot) {
    CURLMcode code = curl_multi_add_handle(loop->multi, slot->easy);
    slot->running = code == CURLM_OK;
    return code;
}

void contrail_loop_remove(contrail_loop *loop, contrail_slot *slot) {
    if (!slot->running) return;
    slot->running = false;
    curl_multi_remove_handle(loop->multi, slot->easy);
}

/// Lets libcurl do what its timers ask for; without epoll it also looks at all sockets.
static void drive(contrail_loop *loop) {
    int running;
    if (loop->portable == NULL) {
        // One shot: libcurl tells again in this call, even if the same timer is still the next one.
        loop->timer_at = INT64_MAX;
        curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        return;
    }
    curl_multi_perform(loop->multi, &running);
    // Here it tells only what has changed since it last told.
    long milliseconds = -1;
    curl_multi_timeout(loop->multi, &milliseconds);
    on_timer(loop->multi, milliseconds, loop);
}

void contrail_loop_run_timers(contrail_loop *loop, int max_rounds) {
    for (int round = 0; round < max_rounds; round++) {
        if (loop->timer_at != 0 && (loop->timer_at == INT64_MAX || loop->timer_at > contrail_now())) return;
        drive(loop);
    }
}

int contrail_loop_wait(contrail_loop *loop, int timeout_ms) {
#if CONTRAIL_HAS_EPOLL
    if (loop->epoll != NULL) return contrail_epoll_wait(loop->epoll, timeout_ms);
#endif
    return contrail_portable_wait(loop->portable, timeout_ms);
}

void contrail_loop_begin(contrail_loop *loop, int ready) {
#if CONTRAIL_HAS_EPOLL
    if (loop->epoll != NULL) {
        contrail_epoll_begin(loop->epoll);
        contrail_epoll_dispatch(loop->epoll, loop->multi, ready);
        return;
    }
#endif
    // Timers are run by whoever comes back from here.
    if (ready > 0) drive(loop);
}

void contrail_loop_end(contrail_loop *loop, bool waits) {
#if CONTRAIL_HAS_EPOLL
    if (loop->epoll != NULL) contrail_epoll_end(loop->epoll, waits);
#else
    (void)loop, (void)waits;
#endif
}

contrail_slot *contrail_loop_next_done(contrail_loop *loop, CURLcode *result) {
    int left;
    for (;;) {
        CURLMsg *message = curl_multi_info_read(loop->multi, &left);
        if (message == NULL) return NULL;
        if (message->msg != CURLMSG_DONE) continue;
        contrail_slot *slot = NULL;
        *result = message->data.result;
        if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&slot) != CURLE_OK || slot == NULL)
            continue;
        if (loop->epoll != NULL && slot->connect_at != 0 && *result == CURLE_OK) {
            curl_socket_t kept = CURL_SOCKET_BAD;
            curl_easy_getinfo(slot->easy, CURLINFO_ACTIVESOCKET, &kept);
            if (kept != CURL_SOCKET_BAD) contrail_epoll_settled(loop->epoll, kept);
        }
        contrail_loop_remove(loop, slot);
        return slot;
    }
}

void contrail_loop_add_news(contrail_loop *loop, contrail_slot *slot, uint32_t news) {
    slot->news |= news;
    if (slot->has_news) return;
    slot->has_news = true;
    slot->next_news = NULL;
    if (loop->last_news != NULL) loop->last_news->next_news = slot;
    else loop->first_news = slot;
    loop->last_news = slot;
}

contrail_slot *contrail_loop_next_news(contrail_loop *loop, uint32_t *news) {
    contrail_slot *slot = loop->first_news;
    if (slot == NULL) return NULL;
    loop->first_news = slot->next_news;
    if (loop->first_news == NULL) loop->last_news = NULL;
    slot->next_news = NULL;
    slot->has_news = false;
    *news = slot->news;
    slot->news = 0;
    return slot;
}

void contrail_loop_forget_news(contrail_loop *loop, contrail_slot *slot) {
    if (!slot->has_news) return;
    contrail_slot *before = NULL;
    for (contrail_slot *at = loop->first_news; at != NULL; before = at, at = at->next_news) {
        if (at != slot) continue;
        if (before != NULL) before->next_news = slot->next_news;
        else loop->first_news = slot->next_news;
        if (loop->last_news == slot) loop->last_news = before;
        break;
    }
    slot->has_news = false;
    slot->news = 0;
    slot->next_news = NULL;
}
