#include "contrail_slot.h"

#include <stdlib.h>
#include <string.h>

#include "contrail_callbacks.h"
#include "contrail_loop.h"

// A pooled slot keeps a head buffer of this size: most heads fit, and a thousand idle slots are 4 MB.
enum { HEAD_KEPT = 4096 };

contrail_slot *contrail_slot_create(struct contrail_loop *loop) {
    contrail_slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL) return NULL;
    CURL *easy = curl_easy_init();
    if (easy == NULL) {
        free(slot);
        return NULL;
    }
    slot->easy = easy;
    slot->loop = loop;
    return slot;
}

void contrail_slot_destroy(contrail_slot *slot) {
    curl_easy_cleanup(slot->easy);
    free(slot->head);
    free(slot->body);
    free(slot->interim.bytes);
    free(slot->trailers.bytes);
    free(slot);
}

static CURLcode set_callbacks(contrail_slot *slot) {
    CURL *easy = slot->easy;
    CURLcode code = CURLE_OK;
#define SET(option, value)                                                                                             \
    if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value)
    SET(CURLOPT_PRIVATE, slot);
    SET(CURLOPT_ERRORBUFFER, slot->error_text);
    SET(CURLOPT_HEADERFUNCTION, contrail_on_header);
    SET(CURLOPT_HEADERDATA, slot);
    SET(CURLOPT_WRITEFUNCTION, contrail_on_body);
    SET(CURLOPT_WRITEDATA, slot);
    SET(CURLOPT_PREREQFUNCTION, contrail_on_request);
    SET(CURLOPT_PREREQDATA, slot);
    SET(CURLOPT_RESOLVER_START_FUNCTION, contrail_on_lookup);
    SET(CURLOPT_RESOLVER_START_DATA, slot);
    SET(CURLOPT_OPENSOCKETFUNCTION, contrail_on_open);
    SET(CURLOPT_OPENSOCKETDATA, slot);
    SET(CURLOPT_CLOSESOCKETFUNCTION, contrail_on_close);
    // libcurl copies this pointer into the connection, which outlives the transfer: it must be the loop.
    SET(CURLOPT_CLOSESOCKETDATA, slot->loop);
    SET(CURLOPT_SHARE, slot->loop->share);
#undef SET
    return code;
}

void contrail_slot_begin(contrail_slot *slot, contrail_limits limits, void *owner) {
    slot->owner = owner;
    slot->limits = limits;
}

CURLcode contrail_slot_reset(contrail_slot *slot) {
    slot->form = 0;
    curl_easy_reset(slot->easy);
    return set_callbacks(slot);
}

void contrail_slot_release(contrail_slot *slot) {
    contrail_loop_forget_news(slot->loop, slot);
    if (slot->upload.active) slot->loop->uploads--;
    free(slot->body);
    free(slot->interim.bytes);
    free(slot->trailers.bytes);
    char *head = slot->head;
    size_t capacity = slot->head_capacity;
    if (capacity > HEAD_KEPT) {
        free(head);
        head = NULL;
        capacity = 0;
    }
    contrail_slot clean = {
        .easy = slot->easy, .loop = slot->loop, .form = slot->form, .head = head, .head_capacity = capacity};
    *slot = clean;
}

char *contrail_slot_take_body(contrail_slot *slot, size_t *count) {
    char *body = slot->body;
    *count = slot->body_count;
    if (body == NULL) return NULL;
    if (slot->body_count < slot->body_capacity / 2) {
        char *smaller = realloc(body, slot->body_count > 0 ? slot->body_count : 1);
        if (smaller != NULL) body = smaller;
    }
    slot->body_taken = slot->body_count;
    slot->body = NULL;
    slot->body_count = slot->body_capacity = 0;
    return body;
}

int64_t contrail_slot_rest(const contrail_slot *slot) {
    curl_off_t announced = -1, received = 0;
    curl_easy_getinfo(slot->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    if (announced < 0) return -1;
    curl_easy_getinfo(slot->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
    return received < announced ? announced - received : 0;
}

void contrail_slot_discard(contrail_slot *slot) {
    slot->discarding = true;
    free(slot->body);
    slot->body = NULL;
    slot->body_count = slot->body_capacity = slot->body_outstanding = 0;
    if (slot->paused) contrail_slot_resume(slot);
}

/// What libcurl held back is delivered inside this call, and may pause again. An error shows up as the result of the
/// transfer. The call sets both directions, so each says what the other is in.
static void set_pause(contrail_slot *slot) {
    int receive = slot->paused ? CURLPAUSE_RECV : 0, send = slot->upload.paused ? CURLPAUSE_SEND : 0;
    curl_easy_pause(slot->easy, receive | send);
}

void contrail_slot_resume(contrail_slot *slot) {
    slot->paused = false;
    set_pause(slot);
    // What libcurl had kept is written inside the call; a callback that refuses it there ends nothing (7.88).
    if (slot->failure != CONTRAIL_FAILURE_NONE) contrail_loop_add_news(slot->loop, slot, CONTRAIL_NEWS_BROKEN);
}

void contrail_slot_resume_upload(contrail_slot *slot) {
    slot->upload.paused = false;
    set_pause(slot);
}
