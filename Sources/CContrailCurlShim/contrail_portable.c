#include "contrail_portable.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

struct contrail_portable {
    /// Between who wakes and the loop's thread, which replaces and cleans up handles.
    pthread_mutex_t lock;
    /// Written by the loop's thread under the lock, so that it may read without.
    CURLM *multi;
};

contrail_portable *contrail_portable_create(int *error) {
    contrail_portable *portable = calloc(1, sizeof *portable);
    if (portable == NULL) {
        *error = ENOMEM;
        return NULL;
    }
    *error = pthread_mutex_init(&portable->lock, NULL);
    if (*error == 0) return portable;
    free(portable);
    return NULL;
}

void contrail_portable_destroy(contrail_portable *portable) {
    pthread_mutex_destroy(&portable->lock);
    free(portable);
}

bool contrail_portable_attach(contrail_portable *portable, CURLM *multi) {
    pthread_mutex_lock(&portable->lock);
    // Woken once in any case: that shows whether it can be, and no wake is lost with the handle before it. It costs one
    // wait that ends at once.
    bool can_wake = multi == NULL || curl_multi_wakeup(multi) == CURLM_OK;
    if (can_wake) portable->multi = multi;
    pthread_mutex_unlock(&portable->lock);
    return can_wake;
}

void contrail_portable_wake(contrail_portable *portable) {
    pthread_mutex_lock(&portable->lock);
    // libcurl keeps it until a wait ends by it. A full pipe, the only failure left, wakes as well.
    if (portable->multi != NULL) curl_multi_wakeup(portable->multi);
    pthread_mutex_unlock(&portable->lock);
}

int contrail_portable_wait(contrail_portable *portable, int timeout_ms) {
    int ready = 0;
    // libcurl has no "without limit": whoever waits is asked again after 24 days.
    int limit = timeout_ms < 0 ? INT_MAX : timeout_ms;
    CURLMcode code = curl_multi_poll(portable->multi, NULL, 0, limit, &ready);
    if (code == CURLM_OK) return ready;
    return code == CURLM_OUT_OF_MEMORY ? -ENOMEM : -EIO;
}
