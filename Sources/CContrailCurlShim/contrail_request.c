#include "contrail_request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

contrail_request *contrail_request_create(size_t fields, size_t text_bytes) {
    // All three parts need pointer alignment at most, and the two in front are multiples of it.
    size_t nodes_bytes = fields * sizeof(struct curl_slist);
    contrail_request *request = malloc(sizeof *request + nodes_bytes + text_bytes);
    if (request == NULL) return NULL;
    memset(request, 0, sizeof *request);
    request->next_node = (struct curl_slist *)(request + 1);
    request->text = (char *)(request + 1) + nodes_bytes;
    request->nodes_left = fields;
    request->text_left = text_bytes;
    return request;
}

void contrail_request_destroy(contrail_request *request) { free(request); }

static char *put_text(contrail_request *request, const void *bytes, size_t count) {
    if (request->text_left < count + 1) return NULL;
    char *start = request->text;
    memcpy(start, bytes, count);
    start[count] = 0;
    request->text += count + 1;
    request->text_left -= count + 1;
    return start;
}

static bool put_node(contrail_request *request, char *text) {
    if (request->nodes_left == 0) return false;
    struct curl_slist *node = request->next_node++;
    request->nodes_left--;
    node->data = text;
    node->next = NULL;
    if (request->last != NULL) request->last->next = node;
    else request->headers = node;
    request->last = node;
    return true;
}

bool contrail_request_put_url(contrail_request *request, const void *bytes, size_t count) {
    request->url = put_text(request, bytes, count);
    return request->url != NULL;
}

bool contrail_request_put_method(contrail_request *request, const void *bytes, size_t count) {
    request->method = put_text(request, bytes, count);
    return request->method != NULL;
}

// One bit for each byte below 128.
static const uint64_t token_bytes[2] = {0x03ff6cfa00000000, 0x57ffffffc7fffffe};

bool contrail_is_token(const void *bytes, size_t count) {
    const unsigned char *byte = bytes;
    uint64_t good = 1;
    for (size_t i = 0; i < count; i++) good &= byte[i] < 128 ? token_bytes[byte[i] >> 6] >> (byte[i] & 63) : 0;
    return count > 0 && (good & 1);
}

// No branch inside these two: the compiler looks at many bytes at once.
bool contrail_is_url(const void *bytes, size_t count) {
    const unsigned char *byte = bytes;
    unsigned char bad = 0;
    for (size_t i = 0; i < count; i++) bad |= (unsigned char)(byte[i] < 0x21 || byte[i] > 0x7e);
    return bad == 0;
}

bool contrail_is_field_value(const void *bytes, size_t count) {
    const unsigned char *byte = bytes;
    unsigned char bad = 0;
    for (size_t i = 0; i < count; i++) bad |= (unsigned char)((byte[i] < 0x20 && byte[i] != '\t') || byte[i] == 0x7f);
    return bad == 0;
}

enum contrail_put contrail_request_put_field(contrail_request *request, const void *name, size_t name_bytes,
                                             const void *value, size_t value_bytes) {
    if (!contrail_is_token(name, name_bytes)) return CONTRAIL_PUT_BAD_NAME;
    if (!contrail_is_field_value(value, value_bytes)) return CONTRAIL_PUT_BAD_VALUE;
    size_t room = contrail_field_room(name_bytes, value_bytes);
    if (request->nodes_left == 0 || request->text_left < room) return CONTRAIL_PUT_NO_ROOM;
    char *line = request->text;
    memcpy(line, name, name_bytes);
    char *end = line + name_bytes;
    if (value_bytes == 0) {
        *end++ = ';'; // libcurl's spelling of "send it, empty"; `Name:` would mean "remove it"
    } else {
        *end++ = ':';
        *end++ = ' ';
        memcpy(end, value, value_bytes);
        end += value_bytes;
    }
    *end = 0;
    request->text += room;
    request->text_left -= room;
    put_node(request, line);
    return CONTRAIL_PUT_DONE;
}

bool contrail_request_put_static(contrail_request *request, const char *line) {
    return put_node(request, (char *)line); // libcurl takes `char *`, and only reads
}
