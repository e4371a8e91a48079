/// A suspended task that is resumed exactly once.
///
/// A checked continuation allocates and takes a lock per request; here the owner's state says that nobody answers
/// twice: the optional that holds a reply is emptied before it is used.
@safe struct Reply<Value>: Sendable {
    private let continuation: UnsafeContinuation<Value, any Error>

    /// Suspends the task until the reply that `body` gets is used.
    static func wait(_ body: (Reply) -> Void) async throws -> Value {
        // SAFETY: the continuation is handed on as a Reply only, and used once; see above.
        try await unsafe withUnsafeThrowingContinuation { unsafe body(Reply(continuation: $0)) }
    }

    consuming func resume(with result: sending Result<Value, any Error>) { unsafe continuation.resume(with: result) }
}
