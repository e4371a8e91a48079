// Waiting without epoll: libcurl collects the descriptors itself (`curl_multi_poll`), is woken by `curl_multi_wakeup`
// and then looks at every transfer (`curl_multi_perform`).
//
// A turn costs O(transfers under way), where epoll costs O(sockets that are ready). In return nothing is remembered
// between two turns, so that no socket that closes silently can leave a wrong note behind, and it runs wherever libcurl
// runs.
#ifndef CONTRAIL_PORTABLE_H
#define CONTRAIL_PORTABLE_H

#include <curl/curl.h>
#include <stdbool.h>

typedef struct contrail_portable contrail_portable;

/// NULL on failure, with the reason in `error` (an errno value).
contrail_portable *_Nullable contrail_portable_create(int *_Nonnull error);
/// No multi handle may be attached.
void contrail_portable_destroy(contrail_portable *_Nonnull portable);

/// Says which multi handle is waited on and woken; NULL: none, which must be said before the handle is cleaned up. The
/// first wait on a new handle ends at once. False, and nothing done, if it cannot be woken: without descriptors libcurl
/// makes such a handle and says nothing. Loop thread only.
bool contrail_portable_attach(contrail_portable *_Nonnull portable, CURLM *_Nullable multi);

/// Ends the wait in progress or the next one. From any thread, as long as `portable` is there: a handle that is being
/// cleaned up meanwhile is not touched.
void contrail_portable_wake(contrail_portable *_Nonnull portable);

/// Waits (`timeout_ms` < 0: without limit) until a socket of the attached handle is ready, libcurl's own next timer is
/// due or a wake comes. Returns the number of ready sockets, or a negative errno value. Loop thread only.
int contrail_portable_wait(contrail_portable *_Nonnull portable, int timeout_ms);

#endif
