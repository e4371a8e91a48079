// The C half of the event-loop fetcher: mechanism only. What to do about a failure, when to stop and how much to
// allow is decided in Swift; what runs per header line, per body chunk and per socket event is here.
#ifndef CONTRAIL_CURL_SHIM_H
#define CONTRAIL_CURL_SHIM_H

#include "contrail_epoll.h"
#include "contrail_loop.h"
#include "contrail_platform.h"
#include "contrail_portable.h"
#include "contrail_process.h"
#include "contrail_request.h"
#include "contrail_slot.h"

#endif
