// One pooled easy handle and everything that libcurl's callbacks write about its current transfer.
//
// A slot belongs to who has the turn of its loop. It outlives every transfer that runs in it, so a late callback finds
// memory that is there.
#ifndef CONTRAIL_SLOT_H
#define CONTRAIL_SLOT_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contrail_request.h"

struct contrail_loop;

/// Why a callback broke the transfer off. libcurl's own code says only "write error" then.
typedef enum contrail_failure {
    CONTRAIL_FAILURE_NONE = 0,
    CONTRAIL_FAILURE_HEAD_TOO_LARGE,
    CONTRAIL_FAILURE_MALFORMED_HEAD,
    CONTRAIL_FAILURE_TOO_MANY_INTERIM,
    CONTRAIL_FAILURE_BODY_TOO_LARGE,
    CONTRAIL_FAILURE_DECOMPRESSION_BOMB,
    CONTRAIL_FAILURE_OUT_OF_MEMORY,
} contrail_failure;

/// What the loop is told about a transfer at the end of a turn, as bits.
enum {
    CONTRAIL_NEWS_CONNECTED = 1, // the connection is ours, the request goes out
    CONTRAIL_NEWS_HEAD = 2,      // the final head is complete (streams and uploads only)
    CONTRAIL_NEWS_BODY = 4,      // there are body bytes to take (streaming only)
    CONTRAIL_NEWS_PAUSED = 8,    // the high-water mark was met (streaming only)
    CONTRAIL_NEWS_BROKEN = 32,   // a callback broke the transfer off where libcurl does not say so (streaming only)
    CONTRAIL_NEWS_SENT = 16,     // body bytes went out, or there were none to go (uploads only)
};

typedef enum contrail_head_state {
    CONTRAIL_HEAD_OUTSIDE = 0, // no status line yet, or an interim response was just skipped
    CONTRAIL_HEAD_INSIDE,
    CONTRAIL_HEAD_COMPLETE, // the empty line of the final response was seen
} contrail_head_state;

/// Lines of a header block that is kept: without CR, each ended by LF.
typedef struct contrail_lines {
    char *_Nullable bytes;
    size_t count, capacity;
} contrail_lines;
/// What the source of an upload has when libcurl asks for more.
typedef enum contrail_pulled {
    CONTRAIL_PULLED_NOTHING = 0, // not yet: the upload pauses
    CONTRAIL_PULLED_CHUNK,
    CONTRAIL_PULLED_LAST, // perhaps a chunk, and nothing behind it
} contrail_pulled;

/// Called on the loop's thread with the slot's owner. The bytes stay valid until the next call or the end of the
/// transfer.
typedef contrail_pulled (*contrail_pull)(void *_Nullable owner, const void *_Nullable *_Nonnull bytes,
                                         size_t *_Nonnull count);

/// A request body that goes out in its own time, in more than one write.
typedef struct contrail_upload {
    bool active;
    bool paused;
    /// The transfer's socket as far as it is known; -1: it is not.
    curl_socket_t descriptor;
    /// Nothing comes behind `bytes`.
    bool last;
    /// What is still to be handed to libcurl of the current chunk.
    const char *_Nullable bytes;
    size_t count;
    contrail_pull _Nullable pull;
    /// Bytes that libcurl has taken.
    int64_t handed;
    /// When it took the last of them; 0: not yet.
    int64_t done_at;
} contrail_upload;

typedef struct contrail_limits {
    /// The head and the trailers of a response together; and once more, all its interim responses together.
    size_t head_bytes;
    size_t head_fields;
    /// Interim (1xx) responses before the final one.
    int interim;
    /// Buffered: the largest body. Streaming: the high-water mark of bytes that nobody has taken.
    size_t body_bytes;
    bool streaming;
    /// libcurl decodes what comes encoded.
    bool decodes;
    /// The most decoded bytes per raw byte.
    int64_t ratio;
    /// The most decoded bytes of a streamed body.
    int64_t decoded_bytes;
} contrail_limits;

typedef struct contrail_slot {
    CURL *_Nonnull easy;
    struct contrail_loop *_Nonnull loop;
    /// The transfer object in Swift; NULL while the slot is in the pool.
    void *_Nullable owner;
    /// What kind of request the handle's options stand for; 0: nobody knows, so it has to be reset.
    uint32_t form;

    struct contrail_slot *_Nullable next_news;
    uint32_t news;
    bool has_news;

    contrail_limits limits;
    contrail_failure failure;
    bool second_send_refused;
    bool connection_reused;
    bool paused;
    bool running;
    /// Nobody wants the body any more.
    bool discarding;
    /// The response has a Content-Encoding, and libcurl decodes it.
    bool encoded;
    int wire_sends;
    int open_errno;

    // Nanoseconds of CLOCK_MONOTONIC; 0: did not happen.
    int64_t lookup_at, connect_at, connected_at, secured_at, request_at, first_byte_at, head_at, last_read_at;
    /// The socket that was made last, while `connect_at` is not 0; it may be closed already.
    curl_socket_t socket;
    char peer_address[46];
    int peer_port;

    // The head of the current block: lines without CR LF, each ended by LF, the status line first.
    char *_Nullable head;
    size_t head_count, head_capacity, head_fields;
    int status, version_major, version_minor;
    contrail_head_state head_state;
    /// The heads of interim responses, each with an empty line behind it. Rare, so there is no buffer before the first.
    contrail_lines interim;
    int interim_count;
    /// The fields behind the last chunk.
    contrail_lines trailers;

    char *_Nullable body;
    size_t body_count, body_capacity;
    /// Bytes that were taken last: what comes next is probably as much, so as much is reserved at once.
    size_t body_taken;
    int64_t body_total;
    /// Streaming: bytes that were handed over and not yet consumed, as the loop last knew.
    size_t body_outstanding;

    contrail_upload upload;

    char error_text[CURL_ERROR_SIZE];
} contrail_slot;

/// A slot with an easy handle of its own. NULL if memory is out.
contrail_slot *_Nullable contrail_slot_create(struct contrail_loop *_Nonnull loop);
void contrail_slot_destroy(contrail_slot *_Nonnull slot);

/// Takes the next transfer in. The handle still has the options of the one before.
void contrail_slot_begin(contrail_slot *_Nonnull slot, contrail_limits limits, void *_Nonnull owner);

/// Sets all options of the handle back, and the callbacks. A tenth of what a small request costs.
CURLcode contrail_slot_reset(contrail_slot *_Nonnull slot);

/// Forgets the transfer, and frees what it left behind above a small head buffer.
void contrail_slot_release(contrail_slot *_Nonnull slot);

/// NUL-terminated, "" if not known; valid until the slot is released.
static inline const char *_Nonnull contrail_slot_peer_address(const contrail_slot *_Nonnull slot) {
    return slot->peer_address;
}
static inline const char *_Nonnull contrail_slot_error_text(const contrail_slot *_Nonnull slot) {
    return slot->error_text;
}

/// When TCP was up, for a transfer whose request has not gone out: connected, but not through with TLS. 0: not connected.
int64_t contrail_slot_tcp_up_at(const contrail_slot *_Nonnull slot);

/// Bytes of the body as they came over the wire.
int64_t contrail_slot_raw_bytes(const contrail_slot *_Nonnull slot);

/// Bytes of the body that are still to come over the wire; -1: not known.
int64_t contrail_slot_rest(const contrail_slot *_Nonnull slot);
/// Throws away what was collected and what still comes, and lets a paused transfer go on. As contrail_slot_resume.
void contrail_slot_discard(contrail_slot *_Nonnull slot);

/// Hands over the body collected so far, to be freed with free(). NULL if there is none.
char *_Nullable contrail_slot_take_body(contrail_slot *_Nonnull slot, size_t *_Nonnull count);

/// Lets a paused response go on. Calls the callbacks; never to be called from one of them.
void contrail_slot_resume(contrail_slot *_Nonnull slot);
/// Lets a paused upload go on. As above.
void contrail_slot_resume_upload(contrail_slot *_Nonnull slot);

/// Makes the request carry a body of `length` bytes (-1: not known): `bytes`, then what `pull` brings; NULL: nothing.
CURLcode contrail_slot_upload(contrail_slot *_Nonnull slot, int64_t length, const void *_Nullable bytes, size_t count,
                              contrail_pull _Nullable pull);
/// Bytes of the body that went to the socket, the framing of chunks included.
int64_t contrail_slot_uploaded(contrail_slot *_Nonnull slot);
/// True if the peer has closed and nothing of it is left to read. libcurl does not look while an upload is paused
/// (before 8.9). Not known, so false, on a reused connection under a poller that libcurl tells no sockets.
bool contrail_slot_peer_closed(contrail_slot *_Nonnull slot);

// One setter per type of value, since a variadic call cannot be imported.
static inline CURLcode contrail_slot_set_long(contrail_slot *_Nonnull slot, CURLoption option, long value) {
    return curl_easy_setopt(slot->easy, option, value);
}
static inline CURLcode contrail_slot_set_offset(contrail_slot *_Nonnull slot, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(slot->easy, option, value);
}
static inline CURLcode contrail_slot_set_string(contrail_slot *_Nonnull slot, CURLoption option,
                                                const char *_Nullable value) {
    return curl_easy_setopt(slot->easy, option, value);
}
static inline CURLcode contrail_slot_set_pointer(contrail_slot *_Nonnull slot, CURLoption option,
                                                 const void *_Nullable value) {
    return curl_easy_setopt(slot->easy, option, value);
}

#endif
