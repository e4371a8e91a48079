// glibc's own account of the memory it has handed out; Swift's Glibc module does not show it.
#include <malloc.h>
#include <stddef.h>

static inline size_t bench_allocated_bytes(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}
