#ifndef CONTRAIL_ZLIB_H
#define CONTRAIL_ZLIB_H

#include <zlib.h>

// zlib's two initialisers are macros, which Swift does not see. 16 + MAX_WBITS: the gzip format (RFC 1952) and no other.

static inline int contrail_gzip_compress_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}

static inline int contrail_gzip_expand_init(z_stream *stream) { return inflateInit2(stream, 16 + MAX_WBITS); }

#endif
