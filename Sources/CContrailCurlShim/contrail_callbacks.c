#define _GNU_SOURCE
#include "contrail_callbacks.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "contrail_epoll.h"
#include "contrail_loop.h"
#include "contrail_process.h"
#include "contrail_slot.h"

// libcurl sends a request again by itself when a reused connection dies before the first byte of the response, a POST
// included. Every way to a second send goes through one of these three callbacks, and each of them refuses it.

int contrail_on_lookup(void *resolver, void *reserved, void *context) {
    (void)resolver, (void)reserved;
    contrail_slot *slot = context;
    if (slot->wire_sends > 0) {
        slot->second_send_refused = true;
        return 1;
    }
    if (slot->lookup_at == 0) slot->lookup_at = contrail_now();
    return 0;
}

/// Closed on exec, which libcurl does not see to, and non-blocking.
static int open_socket(const struct curl_sockaddr *address) {
#if defined(SOCK_CLOEXEC) && defined(SOCK_NONBLOCK)
    return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
#else
    int descriptor = socket(address->family, address->socktype, address->protocol);
    if (descriptor < 0) return descriptor;
    // libcurl makes it non-blocking.
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return descriptor;
#endif
}

curl_socket_t contrail_on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)purpose;
    contrail_slot *slot = context;
    if (slot->wire_sends > 0) {
        slot->second_send_refused = true;
        return CURL_SOCKET_BAD;
    }
    if (slot->connect_at == 0) slot->connect_at = contrail_now();
    int descriptor = open_socket(address);
    if (descriptor < 0) {
        slot->open_errno = errno;
        return CURL_SOCKET_BAD;
    }
    if (slot->loop->epoll != NULL && !contrail_epoll_opened(slot->loop->epoll, descriptor)) {
        close(descriptor);
        slot->open_errno = ENOMEM;
        return CURL_SOCKET_BAD;
    }
    slot->loop->sockets_opened++;
    slot->socket = descriptor;
    slot->upload.descriptor = descriptor;
    return descriptor;
}

int contrail_on_close(void *context, curl_socket_t descriptor) {
    contrail_loop *loop = context;
    if (loop->epoll != NULL) contrail_epoll_closed(loop->epoll, descriptor);
    loop->sockets_closed++;
    return close(descriptor);
}

int64_t contrail_slot_tcp_up_at(const contrail_slot *slot) {
    if (slot->connect_at == 0 || slot->request_at != 0) return 0;
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    // It fails while the connect is under way. A number that was closed and given to another connection can mislead
    // us here; then an error names the wrong phase, no more.
    if (getpeername(slot->socket, (struct sockaddr *)&peer, &size) != 0) return 0;
    int64_t round_trip = 0;
#ifdef TCP_INFO
    // Nobody is told when a connect succeeds; the kernel's first round trip is the connect's.
    struct tcp_info info;
    size = sizeof info;
    if (getsockopt(slot->socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0) round_trip = (int64_t)info.tcpi_rtt * 1000;
#endif
    int64_t now = contrail_now(), up = slot->connect_at + round_trip;
    return up < now ? up : now;
}

/// libcurl's own times are relative to its start of the transfer; the end of its look-up is the moment of our first
/// connect, so that is the anchor.
static void note_handshakes(contrail_slot *slot) {
    curl_off_t lookup = 0, connect = 0, secure = 0;
    curl_easy_getinfo(slot->easy, CURLINFO_NAMELOOKUP_TIME_T, &lookup);
    curl_easy_getinfo(slot->easy, CURLINFO_CONNECT_TIME_T, &connect);
    curl_easy_getinfo(slot->easy, CURLINFO_APPCONNECT_TIME_T, &secure);
    if (connect >= lookup && connect > 0) slot->connected_at = slot->connect_at + (connect - lookup) * 1000;
    if (secure >= lookup && secure > 0) slot->secured_at = slot->connect_at + (secure - lookup) * 1000;
}

int contrail_on_request(void *context, char *peer_address, char *local_address, int peer_port, int local_port) {
    (void)local_address, (void)local_port;
    contrail_slot *slot = context;
    if (slot->wire_sends > 0) {
        slot->second_send_refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    slot->wire_sends = 1;
    slot->request_at = contrail_now();
    slot->connection_reused = slot->connect_at == 0;
    if (!slot->connection_reused) note_handshakes(slot);
    if (peer_address != NULL) snprintf(slot->peer_address, sizeof slot->peer_address, "%s", peer_address);
    slot->peer_port = peer_port;
    contrail_loop_add_news(slot->loop, slot, CONTRAIL_NEWS_CONNECTED);
    return CURL_PREREQFUNC_OK;
}
