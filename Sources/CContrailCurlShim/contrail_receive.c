#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static bool keep(contrail_lines *lines, const char *bytes, size_t count) {
    if (!grow(&lines->bytes, &lines->capacity, lines->count + count + 1, 256)) return false;
    memcpy(lines->bytes + lines->count, bytes, count);
    lines->count += count;
    lines->bytes[lines->count++] = '\n';
    return true;
}

/// RFC 9112 §5.2: a line that starts with white space continues the field before it; joined by one space.
static bool unfold(contrail_slot *slot, const char **line, size_t *count) {
    if (slot->head_fields == 0) return false;
    while (*count > 0 && (**line == ' ' || **line == '\t')) (*line)++, (*count)--;
    slot->head[slot->head_count - 1] = ' ';
    return true;
}

/// An interim response is put aside. A peer could send them for ever, so their number and size are limited.
static contrail_failure end_interim(contrail_slot *slot) {
    slot->head_state = CONTRAIL_HEAD_OUTSIDE;
    if (++slot->interim_count > slot->limits.interim) return CONTRAIL_FAILURE_TOO_MANY_INTERIM;
    if (slot->interim.count + slot->head_count + 1 > slot->limits.head_bytes) return CONTRAIL_FAILURE_HEAD_TOO_LARGE;
    bool kept = keep(&slot->interim, slot->head, slot->head_count);
    return kept ? CONTRAIL_FAILURE_NONE : CONTRAIL_FAILURE_OUT_OF_MEMORY;
}

/// Where a block ends, an interim response is put aside and the final one is news. 101 is final: nobody here asks for an
/// upgrade, so what follows is the body.
static contrail_failure end_block(contrail_slot *slot) {
    if (slot->status < 200 && slot->status != 101) return end_interim(slot);
    slot->head_state = CONTRAIL_HEAD_COMPLETE;
    slot->head_at = contrail_now();
    if (slot->limits.streaming || slot->upload.active)
        contrail_loop_add_news(slot->loop, slot, CONTRAIL_NEWS_HEAD);
    return CONTRAIL_FAILURE_NONE;
}

/// A line behind the last chunk (RFC 9112 §7.1.2). Counts against the limits of the head.
static contrail_failure take_trailer(contrail_slot *slot, const char *line, size_t count) {
    contrail_lines *trailers = &slot->trailers;
    if (count == 0) return CONTRAIL_FAILURE_NONE;
    if (*line == ' ' || *line == '\t') {
        if (trailers->count == 0) return CONTRAIL_FAILURE_MALFORMED_HEAD;
        while (count > 0 && (*line == ' ' || *line == '\t')) line++, count--;
        trailers->bytes[trailers->count - 1] = ' ';
    } else {
        slot->head_fields++;
    }
    if (slot->head_fields > slot->limits.head_fields ||
        slot->head_count + trailers->count + count + 1 > slot->limits.head_bytes)
        return CONTRAIL_FAILURE_HEAD_TOO_LARGE;
    return keep(trailers, line, count) ? CONTRAIL_FAILURE_NONE : CONTRAIL_FAILURE_OUT_OF_MEMORY;
}

/// A Content-Encoding other than `identity`.
static bool names_coding(const char *line, size_t count) {
    static const char name[] = "content-encoding:";
    const size_t length = sizeof name - 1;
    if (count < length || strncasecmp(line, name, length) != 0) return false;
    line += length, count -= length;
    while (count > 0 && (*line == ' ' || *line == '\t')) line++, count--;
    return count > 0 && !(count >= 8 && strncasecmp(line, "identity", 8) == 0);
}

size_t contrail_on_header(char *data, size_t size, size_t items, void *context) {
    contrail_slot *slot = context;
    size_t total = size * items, count = total;
    const char *line = data;
    if (slot->failure != CONTRAIL_FAILURE_NONE) return 0;
    if (slot->first_byte_at == 0) slot->first_byte_at = contrail_now();
    if (count > 0 && line[count - 1] == '\n') count--;
    if (count > 0 && line[count - 1] == '\r') count--;
    if (memchr(line, 0, count) != NULL) return stop(slot, CONTRAIL_FAILURE_MALFORMED_HEAD);

    contrail_failure failure = CONTRAIL_FAILURE_NONE;
    if (slot->head_state == CONTRAIL_HEAD_COMPLETE) {
        failure = take_trailer(slot, line, count);
        return failure == CONTRAIL_FAILURE_NONE ? total : stop(slot, failure);
    }
    if (slot->head_state == CONTRAIL_HEAD_OUTSIDE) {
        if (count == 0) return total;
        slot->head_count = slot->head_fields = 0;
        slot->encoded = false;
        if (count < 5 || memcmp(line, "HTTP/", 5) != 0 || !parse_status_line(slot, line, count))
            return stop(slot, CONTRAIL_FAILURE_MALFORMED_HEAD);
        slot->head_state = CONTRAIL_HEAD_INSIDE;
    } else if (count == 0) {
        failure = end_block(slot);
        return failure == CONTRAIL_FAILURE_NONE ? total : stop(slot, failure);
    } else if (*line == ' ' || *line == '\t') {
        if (!unfold(slot, &line, &count)) return stop(slot, CONTRAIL_FAILURE_MALFORMED_HEAD);
    } else {
        slot->head_fields++;
    }
    if (slot->limits.decodes && names_coding(line, count)) slot->encoded = true;
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
    // What is announced is the encoded length.
    if (slot->encoded) return true;
    if ((uint64_t)announced > slot->limits.body_bytes) return false;
    if (announced <= LARGEST_RESERVE) grow(&slot->body, &slot->body_capacity, (size_t)announced, 1);
    return true;
}

/// Looked at from here on: a smaller body does no harm, and libcurl counts a read only when it is through with it.
enum { RATIO_FLOOR = 1 << 20, READ_SIZE = 16384 };

int64_t contrail_slot_raw_bytes(const contrail_slot *slot) {
    curl_off_t raw = 0;
    if (!slot->encoded) return slot->body_total;
    curl_easy_getinfo(slot->easy, CURLINFO_SIZE_DOWNLOAD_T, &raw);
    return raw;
}

/// One read of libcurl can become a thousand times as many bytes: what they may cost is decided for each piece of it.
static contrail_failure check_decoded(const contrail_slot *slot, size_t count) {
    int64_t decoded = slot->body_total + (int64_t)count;
    if (slot->limits.streaming && decoded > slot->limits.decoded_bytes) return CONTRAIL_FAILURE_BODY_TOO_LARGE;
    if (!slot->encoded || decoded <= RATIO_FLOOR) return CONTRAIL_FAILURE_NONE;
    bool fits = decoded / slot->limits.ratio <= contrail_slot_raw_bytes(slot) + READ_SIZE;
    return fits ? CONTRAIL_FAILURE_NONE : CONTRAIL_FAILURE_DECOMPRESSION_BOMB;
}

size_t contrail_on_body(char *data, size_t size, size_t items, void *context) {
    contrail_slot *slot = context;
    size_t count = size * items;
    if (slot->failure != CONTRAIL_FAILURE_NONE) return 0;
    if (count == 0) return 0;
    if (slot->discarding) return count;
    slot->last_read_at = contrail_now();
    if (slot->limits.decodes) {
        contrail_failure failure = check_decoded(slot, count);
        if (failure != CONTRAIL_FAILURE_NONE) return stop(slot, failure);
    }
    if (slot->limits.streaming) {
        // Before 8.13 libcurl decodes the rest of a read of 16 kB all the same, and keeps it until the transfer goes on:
        // up to 64 MB, beyond which it fails the transfer. What it kept is checked when it comes.
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
    if (slot->body_taken > smallest) smallest = slot->body_taken;
    if (!grow(&slot->body, &slot->body_capacity, slot->body_count + count, smallest))
        return stop(slot, CONTRAIL_FAILURE_OUT_OF_MEMORY);
    memcpy(slot->body + slot->body_count, data, count);
    slot->body_count += count;
    slot->body_total += (int64_t)count;
    if (slot->limits.streaming) contrail_loop_add_news(slot->loop, slot, CONTRAIL_NEWS_BODY);
    return count;
}
