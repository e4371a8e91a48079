// Runs the C half of the fetcher without Swift, for valgrind: every way a transfer can end, on either poller, beside a
// thread that wakes the loop all the time.
//
//   shim_driver POLLER PORT [COUNT [leak|use-after-free]]    POLLER: epoll or portable
//
// Exits with 0 if every transfer ended as it must. With a planted fault valgrind must find it.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "contrail_curl_shim.h"

enum { IN_FLIGHT = 32, HIGH_WATER = 32768, RECYCLE_EVERY = 250 };

typedef enum ending { SUCCEEDS, FAILS, IS_CANCELLED } ending;

/// What one transfer does. `cancel_on`: the news on which it is taken back; 0 with IS_CANCELLED: before the first turn.
typedef struct script {
    const char *path;
    bool streaming;
    bool posts;
    uint32_t cancel_on;
    ending ending;
} script;

static const script scripts[] = {
    {"/", false, false, 0, SUCCEEDS},
    {"/", true, false, 0, SUCCEEDS},
    {"/echo", false, true, 0, SUCCEEDS},
    {"/big", false, false, 0, SUCCEEDS},
    {"/big", true, false, 0, SUCCEEDS},
    {"/", false, false, 0, IS_CANCELLED},
    {"/silent", false, false, CONTRAIL_NEWS_CONNECTED, IS_CANCELLED},
    {"/half", true, false, CONTRAIL_NEWS_HEAD, IS_CANCELLED},
    {"/half", true, false, CONTRAIL_NEWS_BODY, IS_CANCELLED},
    {"/big", true, false, CONTRAIL_NEWS_PAUSED, IS_CANCELLED},
    {"/long-head", false, false, 0, FAILS},
    {"/nul-in-head", true, false, 0, FAILS},
    {"/close", false, false, 0, FAILS},
    {"/short", true, false, 0, FAILS},
};
enum { SCRIPTS = sizeof scripts / sizeof *scripts };

typedef struct transfer {
    const script *script;
    contrail_slot *slot;
    contrail_request *request;
    bool must_resume;
} transfer;

typedef struct driver {
    contrail_epoll *epoll;
    contrail_portable *portable;
    contrail_loop *loop;
    contrail_slot *pool[IN_FLIGHT];
    int pooled;
    transfer running[IN_FLIGHT];
    char base[64];
    long ended[SCRIPTS], wrong, pauses;
} driver;

static char upload[10000];
static atomic_bool is_over;

static void check(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "shim_driver: %s failed\n", what);
    exit(1);
}

static void *wake_all_the_time(void *context) {
    driver *driver = context;
    const struct timespec pause = {.tv_nsec = 200000};
    while (!atomic_load(&is_over)) {
#if CONTRAIL_HAS_EPOLL
        if (driver->epoll != NULL) contrail_epoll_wake(driver->epoll);
#endif
        if (driver->portable != NULL) contrail_portable_wake(driver->portable);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void make_poller(driver *driver, const char *name) {
    int error = 0;
#if CONTRAIL_HAS_EPOLL
    if (strcmp(name, "epoll") == 0) driver->epoll = contrail_epoll_create(&error);
#endif
    if (strcmp(name, "portable") == 0) driver->portable = contrail_portable_create(&error);
    check(driver->epoll != NULL || driver->portable != NULL, "making the poller");
}

static void destroy_poller(driver *driver) {
#if CONTRAIL_HAS_EPOLL
    if (driver->epoll != NULL) contrail_epoll_destroy(driver->epoll);
#endif
    if (driver->portable != NULL) contrail_portable_destroy(driver->portable);
}

static contrail_request *make_request(const driver *driver, const script *script) {
    char url[128];
    snprintf(url, sizeof url, "%s%s", driver->base, script->path);
    const char *method = script->posts ? "POST" : "GET";
    contrail_request *request = contrail_request_create(3, 512);
    check(request != NULL, "making a request");
    check(contrail_request_put_url(request, url, strlen(url)), "the URL");
    check(contrail_request_put_method(request, method, strlen(method)), "the method");
    check(contrail_request_put_field(request, "x-name", 6, "value", 5) == CONTRAIL_PUT_DONE, "a field");
    check(contrail_request_put_field(request, "x-empty", 7, NULL, 0) == CONTRAIL_PUT_DONE, "an empty field");
    check(contrail_request_put_static(request, "Expect:"), "a field that is not to be sent");
    return request;
}

static void apply(const transfer *transfer) {
    contrail_slot *slot = transfer->slot;
    CURLcode code = CURLE_OK;
#define SET(kind, option, value)                                                                                       \
    if (code == CURLE_OK) code = contrail_slot_set_##kind(slot, option, value)
    SET(long, CURLOPT_NOSIGNAL, 1);
    SET(long, CURLOPT_QUICK_EXIT, 1);
    SET(string, CURLOPT_PROXY, "");
    SET(string, CURLOPT_NOPROXY, "");
    SET(string, CURLOPT_URL, transfer->request->url);
    SET(pointer, CURLOPT_HTTPHEADER, transfer->request->headers);
    if (transfer->script->posts) {
        SET(offset, CURLOPT_POSTFIELDSIZE_LARGE, sizeof upload);
        SET(pointer, CURLOPT_POSTFIELDS, upload);
    }
    SET(string, CURLOPT_CUSTOMREQUEST, transfer->request->method);
#undef SET
    check(code == CURLE_OK, "setting the options");
}

static void give_back(driver *driver, transfer *transfer) {
    contrail_loop_remove(driver->loop, transfer->slot);
    contrail_slot_release(transfer->slot);
    driver->pool[driver->pooled++] = transfer->slot;
    contrail_request_destroy(transfer->request);
    memset(transfer, 0, sizeof *transfer);
}

static void end(driver *driver, transfer *transfer, ending ending) {
    if (ending == transfer->script->ending) driver->ended[transfer->script - scripts]++;
    else {
        driver->wrong++;
        fprintf(stderr, "shim_driver: %s ended as %d: %s\n", transfer->script->path, ending,
                contrail_slot_error_text(transfer->slot));
    }
    give_back(driver, transfer);
}

static void start(driver *driver, transfer *transfer, const script *script) {
    contrail_limits limits = {.head_bytes = 4096, .head_fields = 50, .body_bytes = 1 << 20};
    if (script->streaming) limits.body_bytes = HIGH_WATER;
    limits.streaming = script->streaming;
    transfer->script = script;
    transfer->slot = driver->pooled > 0 ? driver->pool[--driver->pooled] : contrail_slot_create(driver->loop);
    check(transfer->slot != NULL, "making a slot");
    transfer->request = make_request(driver, script);
    contrail_slot_begin(transfer->slot, limits, transfer);
    check(contrail_slot_reset(transfer->slot) == CURLE_OK, "resetting a slot");
    apply(transfer);
    check(contrail_loop_add(driver->loop, transfer->slot) == CURLM_OK, "adding a transfer");
    if (script->ending == IS_CANCELLED && script->cancel_on == 0) end(driver, transfer, IS_CANCELLED);
}

static void drop_body(contrail_slot *slot) {
    size_t count = 0;
    free(contrail_slot_take_body(slot, &count));
}

static void take_news(driver *driver) {
    uint32_t news;
    for (contrail_slot *slot; (slot = contrail_loop_next_news(driver->loop, &news)) != NULL;) {
        transfer *transfer = slot->owner;
        if (transfer->script->ending == IS_CANCELLED && (news & transfer->script->cancel_on)) {
            end(driver, transfer, IS_CANCELLED);
            continue;
        }
        if (news & CONTRAIL_NEWS_BODY) {
            // Not yet consumed, until the pause: so the high-water mark is met.
            slot->body_outstanding += slot->body_count;
            drop_body(slot);
        }
        if (news & CONTRAIL_NEWS_PAUSED) transfer->must_resume = true;
    }
}

static bool is_success(const contrail_slot *slot, CURLcode code) {
    return code == CURLE_OK && slot->failure == CONTRAIL_FAILURE_NONE && slot->head_state == CONTRAIL_HEAD_COMPLETE;
}

static void take_done(driver *driver) {
    CURLcode code;
    for (contrail_slot *slot; (slot = contrail_loop_next_done(driver->loop, &code)) != NULL;)
        end(driver, slot->owner, is_success(slot, code) ? SUCCEEDS : FAILS);
}

/// A turn after the one in which they paused, so that some wait while others go on.
static void resume_paused(driver *driver) {
    for (int index = 0; index < IN_FLIGHT; index++) {
        transfer *transfer = &driver->running[index];
        if (!transfer->must_resume) continue;
        transfer->must_resume = false;
        driver->pauses++;
        transfer->slot->body_outstanding = 0;
        contrail_slot_resume(transfer->slot);
    }
}

static int running(const driver *driver) {
    int count = 0;
    for (int index = 0; index < IN_FLIGHT; index++) count += driver->running[index].slot != NULL;
    return count;
}

static void turn(driver *driver) {
    contrail_loop_run_timers(driver->loop, 64);
    take_news(driver);
    take_done(driver);
    resume_paused(driver);
    contrail_loop_end(driver->loop, true);
    int ready = contrail_loop_wait(driver->loop, 1000);
    check(ready >= 0, "waiting");
    contrail_loop_begin(driver->loop, ready);
}

static void run(driver *driver, long count) {
    long begun = 0;
    while (begun < count || running(driver) > 0) {
        // In waves, so that there are moments in which nothing runs and the connections can be closed.
        long wave = begun / RECYCLE_EVERY;
        for (int index = 0; index < IN_FLIGHT && begun < count && begun / RECYCLE_EVERY == wave; index++)
            if (driver->running[index].slot == NULL) start(driver, &driver->running[index], &scripts[begun++ % SCRIPTS]);
        do turn(driver);
        while (begun % RECYCLE_EVERY == 0 && running(driver) > 0);
        if (running(driver) == 0) check(contrail_loop_recycle(driver->loop, 64), "closing the connections");
    }
}

static void drain_pool(driver *driver, const char *fault) {
    while (driver->pooled > 0) contrail_slot_destroy(driver->pool[--driver->pooled]);
    if (strcmp(fault, "leak") == 0) make_request(driver, scripts);
    if (strcmp(fault, "use-after-free") == 0 && driver->pool[0]->news != 0) puts("cannot be");
}

int main(int count, char **arguments) {
    check(count >= 3, "usage: shim_driver POLLER PORT [COUNT [FAULT]]");
    long total = count > 3 ? atol(arguments[3]) : 2000;
    static driver driver;
    snprintf(driver.base, sizeof driver.base, "http://127.0.0.1:%d", atoi(arguments[2]));
    memset(upload, 'u', sizeof upload);
    check(contrail_process_init() == 0, "initialising libcurl");
    make_poller(&driver, arguments[1]);
    driver.loop = contrail_loop_create(driver.epoll, driver.portable, 64);
    check(driver.loop != NULL, "making the loop");
    pthread_t waker;
    check(contrail_thread_start(&waker, wake_all_the_time, &driver, "waker") == 0, "starting a thread");

    run(&driver, total);

    drain_pool(&driver, count > 4 ? arguments[4] : "");
    uint64_t opened = driver.loop->sockets_opened;
    contrail_loop_destroy(driver.loop); // while somebody wakes, who must find no handle from here on
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    atomic_store(&is_over, true);
    pthread_join(waker, NULL);
    destroy_poller(&driver);

    long ended = 0;
    for (int index = 0; index < SCRIPTS; index++) {
        printf("%5ld %-12s %s%s\n", driver.ended[index], scripts[index].path, scripts[index].streaming ? "streamed " : "",
               (const char *[]){"succeeded", "failed", "cancelled"}[scripts[index].ending]);
        ended += driver.ended[index];
    }
    printf("%s: %ld transfers, %ld ended otherwise, %ld pauses, %llu sockets\n", arguments[1], ended, driver.wrong,
           driver.pauses, (unsigned long long)opened);
    return ended == total && driver.wrong == 0 ? 0 : 1;
}
