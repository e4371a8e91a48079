extension HTTPCall {
    /// What came of one request of many.
    public struct Gathered<Input: Sendable>: Sendable {
        /// Its place among the inputs, from 0.
        public let index: Int
        /// What was to be sent: the request, or a ``Batch`` of items.
        public let input: Input
        /// The response, or why there is none: a ``ClientError``, what a middleware threw, or `CancellationError` for what was
        /// under way when the rest was cancelled.
        public let result: Result<Response, any Error>
        /// How far all of them were when this one was done.
        public let progress: GatherProgress

        /// The response. Throws why there is none.
        public func get() throws -> Response { try result.get() }

        /// The response; `nil`: there is none.
        public var response: Response? { try? result.get() }

        /// Why there is no response; `nil`: there is one.
        public var error: (any Error)? { result.failure }

        /// Every send of the call, in the order they ended. Empty for what was cancelled, or failed in a middleware.
        public var attempts: [Attempt] {
            switch result {
            case .success(let response): response.attempts
            case .failure(let error): (error as? ClientError)?.attempts ?? []
            }
        }
    }
}

extension HTTPCall.Gathered where Input == HTTPCall.Request {
    /// The request as it was given.
    public var request: HTTPCall.Request { input }
}

extension Result {
    var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
