// What is done once per process, and the two system services that the fetcher needs: a clock and a thread.
#ifndef CONTRAIL_PROCESS_H
#define CONTRAIL_PROCESS_H

#include <pthread.h>
#include <stdint.h>

/// Initialises OpenSSL and libcurl once. Returns 0, or the CURLcode that says why not. Never undone: other users of
/// libcurl live in the same process.
int contrail_process_init(void);

/// CLOCK_MONOTONIC in nanoseconds.
int64_t contrail_now(void);

/// Starts a thread in which every signal is blocked. Returns 0 or an errno value.
int contrail_thread_start(pthread_t *_Nonnull thread, void *_Nullable (*_Nonnull body)(void *_Nullable),
                          void *_Nullable context, const char *_Nonnull name);

/// Version of the libcurl that is loaded, as 0xXXYYZZ.
unsigned int contrail_libcurl_version(void);

/// True if the libcurl that is loaded speaks HTTP/2.
/// What the linked libcurl decodes, as a header line of Accept-Encoding. Lives for ever; making it takes microseconds.
const char *_Nonnull contrail_libcurl_accept_encoding(void);
/// As above, without the field's name.
const char *_Nonnull contrail_libcurl_codings(void);
int contrail_libcurl_has_http2(void);

#endif
