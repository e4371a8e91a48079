// What Swift's view of the C library leaves out.
#ifndef CONTRAIL_TEST_HEAP_H
#define CONTRAIL_TEST_HEAP_H

#include <stddef.h>

/// Bytes that malloc has handed out and not got back, over all arenas. 0 if the C library does not tell.
size_t contrail_test_heap_bytes(void);

#endif
