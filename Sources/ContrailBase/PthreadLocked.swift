#if CONTRAIL_PTHREAD_LOCKS
    import Glibc

    /// The lock of sanitizer builds: ThreadSanitizer follows a pthread mutex, but not `Synchronization.Mutex`.
    ///
    // SAFETY: both pointers are made in init, never change, and are freed in deinit, when no other reference is left.
    // `value` is only touched between lock and unlock of `mutex`.
    @safe final class PthreadLocked<Value: ~Copyable>: @unchecked Sendable {
        private let mutex: UnsafeMutablePointer<pthread_mutex_t>
        private let value: UnsafeMutablePointer<Value>

        init(_ initial: consuming sending Value) {
            unsafe mutex = .allocate(capacity: 1)
            unsafe pthread_mutex_init(mutex, nil)
            unsafe value = .allocate(capacity: 1)
            unsafe value.initialize(to: initial)
        }

        deinit {
            unsafe value.deinitialize(count: 1)
            unsafe value.deallocate()
            unsafe pthread_mutex_destroy(mutex)
            unsafe mutex.deallocate()
        }

        func withLock<Result: ~Copyable, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            unsafe pthread_mutex_lock(mutex)
            defer { unsafe pthread_mutex_unlock(mutex) }
            return try unsafe body(&value.pointee)
        }

        func withLockIfAvailable<Result>(_ body: (inout sending Value) -> sending Result) -> sending Result? {
            guard unsafe pthread_mutex_trylock(mutex) == 0 else { return nil }
            defer { unsafe pthread_mutex_unlock(mutex) }
            return unsafe body(&value.pointee)
        }
    }
#endif
