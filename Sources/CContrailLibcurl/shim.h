#ifndef CONTRAIL_LIBCURL_H
#define CONTRAIL_LIBCURL_H

#include <curl/curl.h>

#if LIBCURL_VERSION_NUM < 0x075800
#error "Contrail needs libcurl 7.88.0 or newer"
#endif

#endif
