// What libcurl calls. Records and counts; decides nothing but "stop".
#ifndef CONTRAIL_CALLBACKS_H
#define CONTRAIL_CALLBACKS_H

#include <curl/curl.h>

size_t contrail_on_header(char *data, size_t size, size_t count, void *slot);
size_t contrail_on_body(char *data, size_t size, size_t count, void *slot);
size_t contrail_on_send(char *buffer, size_t size, size_t items, void *slot);
int contrail_on_request(void *slot, char *peer_address, char *local_address, int peer_port, int local_port);
int contrail_on_lookup(void *resolver, void *reserved, void *slot);
curl_socket_t contrail_on_open(void *slot, curlsocktype purpose, struct curl_sockaddr *address);
int contrail_on_close(void *loop, curl_socket_t descriptor);

#endif
