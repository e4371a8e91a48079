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

/// RFC 9110 §5.6.2: letters, digits and a few signs, at least one.
bool contrail_is_token(const void *_Nullable bytes, size_t count);
/// Visible ASCII only: everything else must have been percent-encoded.
bool contrail_is_url(const void *_Nullable bytes, size_t count);
/// RFC 9110 §5.5: no control character but HT, so no CR, LF or NUL. Bytes above 127 are opaque data.
bool contrail_is_field_value(const void *_Nullable bytes, size_t count);

/// Each of these returns false and changes nothing if the room is used up.
bool contrail_request_put_url(contrail_request *_Nonnull request, const void *_Nonnull bytes, size_t count);
bool contrail_request_put_method(contrail_request *_Nonnull request, const void *_Nonnull bytes, size_t count);
/// A whole line, or `Name:`, which keeps libcurl from adding the field by itself. The line lives for ever.
bool contrail_request_put_static(contrail_request *_Nonnull request, const char *_Nonnull line);

enum contrail_put { CONTRAIL_PUT_DONE, CONTRAIL_PUT_NO_ROOM, CONTRAIL_PUT_BAD_NAME, CONTRAIL_PUT_BAD_VALUE };

/// libcurl sends header strings as they are, and a line break in a value would be a second header or a second request: so
/// they are checked here, whatever was checked before.
enum contrail_put contrail_request_put_field(contrail_request *_Nonnull request, const void *_Nonnull name,
                                             size_t name_bytes, const void *_Nullable value, size_t value_bytes);

#endif
