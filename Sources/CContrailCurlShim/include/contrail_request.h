// The text of one request, in one allocation: URL, method, and a header list that libcurl only reads.
#ifndef CONTRAIL_REQUEST_H
#define CONTRAIL_REQUEST_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct contrail_request {
    const char *_Nullable url;
    const char *_Nullable method;
    struct curl_slist *_Nullable headers;
    struct curl_slist *_Nullable last;
    struct curl_slist *_Nonnull next_node;
    char *_Nonnull text;
    size_t nodes_left;
    size_t text_left;
} contrail_request;

/// Room for `fields` header fields and `text_bytes` bytes of text. NULL if memory is out.
contrail_request *_Nullable contrail_request_create(size_t fields, size_t text_bytes);
void contrail_request_destroy(contrail_request *_Nonnull request);

/// What contrail_request_put_field takes of the text room, the closing NUL included.
static inline size_t contrail_field_room(size_t name_bytes, size_t value_bytes) { return name_bytes + value_bytes + 3; }

/// Each of these returns false and changes nothing if the room is used up.
bool contrail_request_put_url(contrail_request *_Nonnull request, const void *_Nonnull bytes, size_t count);
bool contrail_request_put_method(contrail_request *_Nonnull request, const void *_Nonnull bytes, size_t count);
bool contrail_request_put_field(contrail_request *_Nonnull request, const void *_Nonnull name, size_t name_bytes,
                                const void *_Nullable value, size_t value_bytes);
/// Keeps libcurl from adding the field by itself. `field` is `Name:` and lives for ever.
bool contrail_request_suppress_field(contrail_request *_Nonnull request, const char *_Nonnull field);

#endif
