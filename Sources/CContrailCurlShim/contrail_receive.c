#include <stdlib.h>
#include <string.h>

#include "contrail_callbacks.h"
#include "contrail_loop.h"
#include "contrail_process.h"
#include "contrail_slot.h"

/// libcurl may call again after a callback said stop (before 8.8): every later call fails as well.
static size_t stop(contrail_slot *slot, contrail_failure failure) {
    if (slot->failure == CONTRAIL_FAILURE_NONE) slot->failure = failure;
    return 0;
}

static bool grow(char **buffer, size_t *capacity, size_t needed, size_t smallest) {
    if (needed <= *capacity) return true;
    size_t size = *capacity * 2;
    if (size < smallest) size = smallest;
    if (size < needed) size = needed;
    char *larger = realloc(*buffer, size);
    if (larger == NULL) return false;
    *buffer = larger;
    *capacity = size;
    return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `HTTP/1.1 200 OK`, `HTTP/2 200 `.
static bool parse_status_line(contrail_slot *slot, const char *line, size_t count) {
    const char *at = line + 5, *end = line + count;
    if (at == end || !is_digit(*at)) return false;
    slot->version_major = *at++ - '0';
    slot->version_minor = 0;
    if (at + 1 < end && at[0] == '.' && is_digit(at[1])) {
        slot->version_minor = at[1] - '0';
        at += 2;
    }
    while (at < end && *at == ' ') at++;
    if (end - at < 3 || !is_digit(at[0]) || !is_digit(at[1]) || !is_digit(at[2])) return false;
    slot->status = (at[0] - '0') * 100 + (at[1] - '0') * 10 + (at[2] - '0');
    return slot->status >= 100 && (end - at == 3 || at[3] == ' ');
}

static bool append_line(contrail_slot *slot, const char *line, size_t count) {
    if (!grow(&slot->head, &slot->head_capacity, slot->head_count + count + 1, 1024)) return false;
    memcpy(slot->head + slot->head_count, line, count);
    slot->head_count += count;
    slot->head[slot->head_count++] = '\n';
    return true;
}

/// RFC 9112 §5.2: a line that starts with white space continues the field before it; joined by one space.
static bool unfold(contrail_slot *slot, const char **line, size_t *count) {
    if (slot->head_fields == 0) return false;
    while (*count > 0 && (**line == ' ' || **line == '\t')) (*line)++, (*count)--;
    slot->head[slot->head_count - 1] = ' ';
    return true;
}

/// Where a status line ends, an interim response is forgotten and the final one is news. 101 is final: nobody here
/// asks for an upgrade, so what follows is the body.
static void end_block(contrail_slot *slot) {
    if (slot->status < 200 && slot->status != 101) {
        slot->head_state = CONTRAIL_HEAD_OUTSIDE;
        return;
    }
    slot->head_state = CONTRAIL_HEAD_COMPLETE;
    if (slot->limits.streaming || slot->upload.active)
        contrail_loop_add_news(slot->loop, slot, CONTRAIL_NEWS_HEAD);
}

size_t contrail_on_header(char *data, size_t size, size_t items, void *context) {
    contrail_slot *slot = context;
    size_t total = size * items, count = total;
    const char *line = data;
    if (slot->failure != CONTRAIL_FAILURE_NONE) return 0;
    if (slot->first_byte_at == 0) slot->first_byte_at = contrail_now();
    if (slot->head_state == CONTRAIL_HEAD_COMPLETE) return total; // trailers: not kept
    if (count > 0 && line[count - 1] == '\n') count--;
    if (count > 0 && line[count - 1] == '\r') count--;
    if (memchr(line, 0, count) != NULL) return stop(slot, CONTRAIL_FAILURE_MALFORMED_HEAD);

    if (slot->head_state == CONTRAIL_HEAD_OUTSIDE) {
        if (count == 0) return total;
        slot->head_count = slot->head_fields = 0;
        if (count < 5 || memcmp(line, "HTTP/", 5) != 0 || !parse_status_line(slot, line, count))
            return stop(slot, CONTRAIL_FAILURE_MALFORMED_HEAD);
        slot->head_state = CONTRAIL_HEAD_INSIDE;
    } else if (count == 0) {
        end_block(slot);
        return total;
    } else if (*line == ' ' || *line == '\t') {
        if (!unfold(slot, &line, &count)) return stop(slot, CONTRAIL_FAILURE_MALFORMED_HEAD);
    } else {
        slot->head_fields++;
    }
    if (slot->head_fields > slot->limits.head_fields || slot->head_count + count + 1 > slot->limits.head_bytes)
        return stop(slot, CONTRAIL_FAILURE_HEAD_TOO_LARGE);
    return append_line(slot, line, count) ? total : stop(slot, CONTRAIL_FAILURE_OUT_OF_MEMORY);
}

/// An announced length up to this is reserved at once; beyond it the peer has to send before we allocate.
enum { LARGEST_RESERVE = 1 << 20, STREAM_BUFFER = 16384, BODY_BUFFER = 4096 };

/// Called with the first bytes of a buffered body. False: it is announced to be larger than the limit.
static bool reserve(contrail_slot *slot) {
    curl_off_t announced = -1;
    curl_easy_getinfo(slot->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    if (announced <= 0) return true;
    if ((uint64_t)announced > slot->limits.body_bytes) return false;
    if (announced <= LARGEST_RESERVE) grow(&slot->body, &slot->body_capacity, (size_t)announced, 1);
    return true;
}

size_t contrail_on_body(char *data, size_t size, size_t items, void *context) {
    contrail_slot *slot = context;
    size_t count = size * items;
    if (slot->failure != CONTRAIL_FAILURE_NONE) return 0;
    if (count == 0) return 0;
    if (slot->limits.streaming) {
        if (slot->body_outstanding + slot->body_count >= slot->limits.body_bytes) {
            slot->paused = true;
            contrail_loop_add_news(slot->loop, slot, CONTRAIL_NEWS_PAUSED);
            return CURL_WRITEFUNC_PAUSE;
        }
    } else {
        if (slot->body_total == 0 && !reserve(slot)) return stop(slot, CONTRAIL_FAILURE_BODY_TOO_LARGE);
        if (count > slot->limits.body_bytes - slot->body_count) return stop(slot, CONTRAIL_FAILURE_BODY_TOO_LARGE);
    }
    size_t smallest = slot->limits.streaming ? STREAM_BUFFER : BODY_BUFFER;
    if (!grow(&slot->body, &slot->body_capacity, slot->body_count + count, smallest))
        return stop(slot, CONTRAIL_FAILURE_OUT_OF_MEMORY);
    memcpy(slot->body + slot->body_count, data, count);
    slot->body_count += count;
    slot->body_total += (int64_t)count;
    if (slot->limits.streaming) contrail_loop_add_news(slot->loop, slot, CONTRAIL_NEWS_BODY);
    return count;
}
