#ifndef CONTRAIL_CURL_SHIM_H
#define CONTRAIL_CURL_SHIM_H
#include <curl/curl.h>
#endif
