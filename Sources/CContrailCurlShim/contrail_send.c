#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "contrail_callbacks.h"
#include "contrail_loop.h"
#include "contrail_process.h"
#include "contrail_slot.h"

CURLcode contrail_slot_upload(contrail_slot *slot, int64_t length, const void *bytes, size_t count, contrail_pull pull) {
    slot->upload = (contrail_upload){
        .active = true, .descriptor = -1, .bytes = bytes, .count = count, .last = pull == NULL, .pull = pull};
    slot->loop->uploads++;
    CURLcode code = curl_easy_setopt(slot->easy, CURLOPT_UPLOAD, 1L);
    if (code == CURLE_OK) code = curl_easy_setopt(slot->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)length);
    if (code == CURLE_OK) code = curl_easy_setopt(slot->easy, CURLOPT_READFUNCTION, contrail_on_send);
    if (code == CURLE_OK) code = curl_easy_setopt(slot->easy, CURLOPT_READDATA, slot);
    return code;
}

/// Gets the next chunk. False: there is none, now or ever; then `last` tells which.
static bool pull(contrail_slot *slot) {
    contrail_upload *upload = &slot->upload;
    if (upload->last) return false;
    const void *bytes = NULL;
    size_t count = 0;
    contrail_pulled pulled = upload->pull(slot->owner, &bytes, &count);
    upload->last = pulled == CONTRAIL_PULLED_LAST;
    upload->bytes = bytes;
    upload->count = bytes == NULL ? 0 : count;
    return upload->count > 0;
}

size_t contrail_on_send(char *buffer, size_t size, size_t items, void *context) {
    contrail_slot *slot = context;
    contrail_upload *upload = &slot->upload;
    size_t room = size * items, filled = 0;
    if (!upload->active || slot->owner == NULL) return CURL_READFUNC_ABORT;
    while (filled < room && (upload->count > 0 || pull(slot))) {
        size_t count = upload->count < room - filled ? upload->count : room - filled;
        memcpy(buffer + filled, upload->bytes, count);
        upload->bytes += count;
        upload->count -= count;
        filled += count;
    }
    upload->handed += (int64_t)filled;
    if (upload->last && upload->count == 0 && upload->done_at == 0) upload->done_at = contrail_now();
    contrail_loop_add_news(slot->loop, slot, CONTRAIL_NEWS_SENT);
    if (filled > 0 || upload->last) return filled;
    upload->paused = true;
    return CURL_READFUNC_PAUSE;
}

int64_t contrail_slot_uploaded(contrail_slot *slot) {
    curl_off_t count = 0;
    curl_easy_getinfo(slot->easy, CURLINFO_SIZE_UPLOAD_T, &count);
    return count;
}

bool contrail_slot_peer_closed(contrail_slot *slot) {
    if (slot->upload.descriptor < 0) return false;
    char byte;
    ssize_t count = recv(slot->upload.descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}
