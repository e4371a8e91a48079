#define _GNU_SOURCE
#include "contrail_process.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#if LIBCURL_VERSION_NUM < 0x075800
#error "Contrail needs libcurl 7.88.0 or newer"
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int init_result;

// glibc gives the end of a heap back to the kernel as soon as 128 kB of it are free, and fetches it again page by page: a
// collected body of 100 kB costs twice as much with it. It learns from the first large block that is freed to keep what
// blocks of that size take (mallopt(3), M_MMAP_THRESHOLD), and most programs free one sooner or later. So here is one, as
// large as what is reserved for a body at once. Nothing is set: who sets these thresholds is obeyed.
static void teach_malloc(void) {
#ifdef __GLIBC__
    void *volatile block = malloc(1 << 20); // volatile: or the compiler leaves both out
    free(block);
#endif
}

static void init_process(void) {
    teach_malloc();
    // OpenSSL's exit handler frees what a loop thread may still use while the process ends. The symbol is looked up,
    // because libcurl may be built on another TLS library.
    int (*init_crypto)(uint64_t, const void *) = NULL;
    *(void **)&init_crypto = dlsym(RTLD_DEFAULT, "OPENSSL_init_crypto");
    const uint64_t no_atexit = 0x00080000; // OPENSSL_INIT_NO_ATEXIT
    if (init_crypto != NULL) init_crypto(no_atexit, NULL);
    init_result = (int)curl_global_init(CURL_GLOBAL_DEFAULT);
}

int contrail_process_init(void) {
    pthread_once(&once, init_process);
    return init_result;
}

int64_t contrail_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int contrail_thread_start(pthread_t *thread, void *(*body)(void *), void *context, const char *name) {
    // The mask is inherited: blocked here and restored, so that no signal can slip in between.
    sigset_t all, before;
    sigfillset(&all);
    int error = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (error != 0) return error;
    error = pthread_create(thread, NULL, body, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
#ifdef __linux__
    if (error != 0) return error;
    pthread_setname_np(*thread, name);
    // Awake, it does not push the task aside that woke it: that goes on, and hands over what else it has. On a processor of
    // its own a thread runs as before. Refused: no harm.
    int policy = SCHED_OTHER;
    struct sched_param parameters = {0};
    if (pthread_getschedparam(*thread, &policy, &parameters) == 0 && policy == SCHED_OTHER)
        pthread_setschedparam(*thread, SCHED_BATCH, &parameters);
#else
    (void)name; // elsewhere a thread can name only itself, and nothing depends on it
#endif
    return error;
}

#define FIELD "Accept-Encoding: "
const char *contrail_libcurl_accept_encoding(void) {
    int features = curl_version_info(CURLVERSION_NOW)->features;
    bool brotli = (features & CURL_VERSION_BROTLI) != 0, zstd = (features & CURL_VERSION_ZSTD) != 0;
    if ((features & CURL_VERSION_LIBZ) == 0)
        return brotli ? (zstd ? FIELD "br, zstd" : FIELD "br") : zstd ? FIELD "zstd" : FIELD "identity";
    if (brotli) return zstd ? FIELD "gzip, deflate, br, zstd" : FIELD "gzip, deflate, br";
    return zstd ? FIELD "gzip, deflate, zstd" : FIELD "gzip, deflate";
}

const char *contrail_libcurl_codings(void) { return contrail_libcurl_accept_encoding() + sizeof FIELD - 1; }

unsigned int contrail_libcurl_version(void) { return curl_version_info(CURLVERSION_NOW)->version_num; }

int contrail_libcurl_has_http2(void) {
    return (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP2) != 0;
}
