#include "contrail_curl_shim.h"
