import ContrailBase

/// A suspended task that is resumed exactly once.
///
/// A checked continuation allocates and takes a lock per request; here the owner's state says that nobody answers
/// twice: the optional that holds a reply is emptied before it is used.
@safe struct Reply<Value>: Sendable {
    private let continuation: UnsafeContinuation<Value, any Error>
    private let edge: ReplyEdge

    /// Suspends the task until the reply that `body` gets is used.
    static func wait(_ body: (Reply) -> Void) async throws -> Value {
        let edge = ReplyEdge()
        defer { edge.cross() }
        // SAFETY: the continuation is handed on as a Reply only, and used once; see above.
        return try await unsafe withUnsafeThrowingContinuation { unsafe body(Reply(continuation: $0, edge: edge)) }
    }

    consuming func resume(with result: sending Result<Value, any Error>) {
        edge.cross()
        unsafe continuation.resume(with: result)
    }
}

/// Lets ThreadSanitizer see that what came before the resume happened before what follows the wait. The runtime orders
/// the two, but does not tell the sanitizer when the resume comes before its task has suspended. Nothing in other builds.
private struct ReplyEdge: Sendable {
    #if CONTRAIL_PTHREAD_LOCKS
        private final class Crossing: Sendable { let lock = Locked(()) }
        private let crossing = Crossing()
        func cross() { crossing.lock.withLock { _ in } }
    #else
        func cross() {}
    #endif
}
