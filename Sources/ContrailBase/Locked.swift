#if CONTRAIL_PTHREAD_LOCKS
    import Glibc
#else
    public import Synchronization
#endif

/// A value that is only reachable while its lock is held. The one lock of the house.
///
/// Inside `withLock`: decide, never act. No user code, no continuation resume, no logging, no second lock.
///
/// `@usableFromInline` although it is `package`: without it the compiler drops the body of `withLock` at the module's
/// border, and every lock elsewhere is an unspecialized generic call with a metadata look-up, several times the price.
@usableFromInline
package struct Locked<Value: ~Copyable>: ~Copyable, Sendable {
    #if CONTRAIL_PTHREAD_LOCKS
        private let storage: PthreadLocked<Value>

        @usableFromInline
        package init(_ value: consuming sending Value) { storage = PthreadLocked(value) }

        @usableFromInline
        package borrowing func withLock<Result: ~Copyable, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            try storage.withLock(body)
        }

        @usableFromInline
        package borrowing func withLockIfAvailable<Result>(
            _ body: (inout sending Value) -> sending Result
        ) -> sending Result? { storage.withLockIfAvailable(body) }
    #else
        @usableFromInline let mutex: Mutex<Value>

        @inlinable
        package init(_ value: consuming sending Value) { mutex = Mutex(value) }

        @inlinable
        package borrowing func withLock<Result: ~Copyable, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            try mutex.withLock(body)
        }

        /// As ``withLock(_:)`` if nobody holds the lock; else `nil`, at once.
        @inlinable
        package borrowing func withLockIfAvailable<Result>(
            _ body: (inout sending Value) -> sending Result
        ) -> sending Result? { mutex.withLockIfAvailable(body) }
    #endif
}
