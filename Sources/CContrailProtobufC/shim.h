#ifndef CONTRAIL_PROTOBUF_C_H
#define CONTRAIL_PROTOBUF_C_H

#include <protobuf-c/protobuf-c.h>

#endif
