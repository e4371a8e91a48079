// The floor: the same requests from one C thread, libcurl's multi interface driven by epoll, nothing else.
// Arguments: get|post|fanout|gather|flaky URL COUNT CONCURRENCY. Prints one line of JSON, as every contender does.
// It does less than the others: the JSON is neither made nor read, a gathering asks for one URL all the time, and what was
// refused is asked again at once. BENCH_CA: whom to trust.
#define _GNU_SOURCE
#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

typedef struct {
    CURL *easy;
    int64_t began;
    int attempts;
} transfer;

enum { MAX_ATTEMPTS = 10 };  // as BenchKit's Patience

static CURLM *multi;
static int epoll;
static long timer_ms = -1;
static const char *url;
static const char *payload;
static const char *authority;
static bool persistent;
static struct curl_slist *headers;
static int64_t *latencies;
static long done, failed, bytes;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t cpu_us(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static size_t on_body(char *data, size_t size, size_t count, void *context) {
    (void)data, (void)context;
    bytes += (long)(size * count);
    return size * count;
}

static int on_timer(CURLM *m, long ms, void *context) {
    (void)m, (void)context;
    timer_ms = ms;
    return 0;
}

// One system call per change: what an engine can save here is its own merit.
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known) {
    (void)easy, (void)context;
    struct epoll_event event = {.data.fd = fd};
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
        curl_multi_assign(multi, fd, NULL);
        return 0;
    }
    if (what & CURL_POLL_IN) event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
    epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    if (!known) curl_multi_assign(multi, fd, (void *)1);
    return 0;
}

static void start(transfer *t) {
    curl_easy_reset(t->easy);
    curl_easy_setopt(t->easy, CURLOPT_URL, url);
    curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(t->easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    if (authority) {
        // Debian's default folder of certificates would be read for every handshake.
        curl_easy_setopt(t->easy, CURLOPT_CAPATH, NULL);
        curl_easy_setopt(t->easy, CURLOPT_CAINFO, authority);
    }
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, headers);
    if (payload) {
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(payload));
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, payload);
    }
    t->began = now_ns();
    t->attempts = 1;
    curl_multi_add_handle(multi, t->easy);
}

static bool repeats(transfer *t, long status) {
    if (!persistent || status != 503 || t->attempts >= MAX_ATTEMPTS) return false;
    t->attempts++;
    curl_multi_remove_handle(multi, t->easy);
    curl_multi_add_handle(multi, t->easy);
    return true;
}

static void run(long count, int concurrency, transfer *transfers) {
    long begun = 0;
    int running = 0;
    done = 0;
    for (int i = 0; i < concurrency && begun < count; i++, begun++) start(&transfers[i]);
    struct epoll_event events[256];
    while (done < count) {
        for (int round = 0; timer_ms == 0 && round < 64; round++) {
            timer_ms = -1;
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        int left;
        CURLMsg *message;
        while ((message = curl_multi_info_read(multi, &left))) {
            if (message->msg != CURLMSG_DONE) continue;
            transfer *t = NULL;
            long status = 0;
            CURL *easy = message->easy_handle;
            CURLcode result = message->data.result;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
            if (repeats(t, status)) continue;
            if (result != CURLE_OK || status != 200) failed++;
            curl_multi_remove_handle(multi, easy);
            latencies[done++] = now_ns() - t->began;
            if (begun < count) start(t), begun++;
        }
        if (done >= count) break;
        int timeout = timer_ms < 0 || timer_ms > 1000 ? 1000 : (int)timer_ms;
        int n = timer_ms == 0 ? 0 : epoll_wait(epoll, events, 256, timeout);
        if (n == 0 && timer_ms > 0) timer_ms = 0;
        for (int i = 0; i < n; i++) {
            int mask = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0)
                       | (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0)
                       | (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
            curl_multi_socket_action(multi, events[i].data.fd, mask, &running);
        }
    }
}

// Lots of as many as may be under way, one after the other; a latency is a lot's. Returns how many.
static long run_fan_outs(long count, int concurrency, transfer *transfers, int64_t *lots) {
    long lot = 0;
    for (; lot == 0 || (lot + 1) * concurrency <= count; lot++) {
        int64_t began = now_ns();
        run(concurrency, concurrency, transfers);
        lots[lot] = now_ns() - began;
    }
    memcpy(latencies, lots, (size_t)lot * sizeof *lots);
    return lot;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
    if (argc < 5) return fprintf(stderr, "bench-floor get|post|fanout|gather|flaky URL COUNT CONCURRENCY\n"), 64;
    authority = getenv("BENCH_CA");
    url = argv[2];
    long count = atol(argv[3]);
    int concurrency = atoi(argv[4]);
    if (count < 1 || concurrency < 1) return 64;
    char *buffer = NULL;
    if (strcmp(argv[1], "post") == 0) {
        buffer = malloc(1025);
        if (!buffer) return 70;
        memset(buffer, 'x', 1024), buffer[1024] = 0;
        payload = buffer;
        headers = curl_slist_append(headers, "Content-Type: application/json");
    }
    headers = curl_slist_append(headers, "Expect:");
    headers = curl_slist_append(headers, "User-Agent: floor");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)concurrency + 16);
    long warm = concurrency * 20L;
    if (warm > count / 4) warm = count / 4 > concurrency ? count / 4 : concurrency;
    size_t room = (size_t)(count > warm ? count : warm) + (size_t)concurrency;
    latencies = calloc(room, sizeof *latencies);
    int64_t *lots = calloc(room, sizeof *lots);
    transfer *transfers = calloc((size_t)concurrency, sizeof *transfers);
    if (!latencies || !lots || !transfers) return 70;
    for (int i = 0; i < concurrency; i++) transfers[i].easy = curl_easy_init();
    run(warm, concurrency, transfers);
    failed = bytes = 0;
    persistent = strcmp(argv[1], "flaky") == 0;
    long timed = count;
    int64_t cpu = cpu_us(), wall = now_ns();
    if (strcmp(argv[1], "fanout") == 0) timed = run_fan_outs(count, concurrency, transfers, lots);
    else run(count, concurrency, transfers);
    cpu = cpu_us() - cpu, wall = now_ns() - wall;
    qsort(latencies, (size_t)timed, sizeof *latencies, compare);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"cpu_us\": %.3f, \"per_second\": %.0f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, "
           "\"peak_kb\": %ld, \"failed\": %ld, \"bytes\": %ld}\n",
           (double)cpu / (double)count, (double)count * 1e9 / (double)wall, (double)latencies[timed / 2] / 1e3,
           (double)latencies[timed * 99 / 100] / 1e3, (double)latencies[timed * 999 / 1000] / 1e3, usage.ru_maxrss,
           failed, bytes);
    for (int i = 0; i < concurrency; i++) curl_easy_cleanup(transfers[i].easy);
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    free(latencies), free(lots), free(transfers), free(buffer);
    return failed ? 1 : 0;
}
