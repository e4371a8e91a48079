// What differs between the systems that the shim runs on.
#ifndef CONTRAIL_PLATFORM_H
#define CONTRAIL_PLATFORM_H

/// True where epoll and eventfd are. Defining CONTRAIL_PORTABLE_ONLY shows on Linux what the other systems compile.
#if defined(__linux__) && !defined(CONTRAIL_PORTABLE_ONLY)
#define CONTRAIL_HAS_EPOLL 1
#else
#define CONTRAIL_HAS_EPOLL 0
#endif

#endif
