import ContrailBase

extension HTTPCall {
    /// Results of many requests, in the order of completion.
    ///
    /// Nothing is sent before the first is asked for, nor more at a time than the window: not while the source has nothing,
    /// and not while nobody takes the results. Every request that was taken from the source comes out once, failed ones and
    /// those under way at an early end included. Behind them ``next()`` throws if the end was early: ``ClientError`` with
    /// code `gather_stopped` (too many failures, `cause` is the last) or `source_failed` (`cause` is what the source threw).
    ///
    /// One iteration, by one task. Dropping the iterator or cancelling the task cancels what is under way; the task gets a
    /// `CancellationError`. Requests are children of the context (trace, task-local values) of the first `next()`.
    /// Cost: at most a window of tasks, and of results in memory. While results wait for the reader, up to a quarter of the
    /// window may stay free: what it takes is made up for in groups, or when a request ends.
    public struct GatherSequence<Input: Sendable>: AsyncSequence, Sendable {
        /// One request's result.
        public typealias Element = Gathered<Input>

        let gathering: Gathering<Input>

        /// Iterates the results.
        public func makeAsyncIterator() -> Iterator { Iterator(reader: GatherReader(gathering)) }

        /// Takes the results one by one.
        public struct Iterator: AsyncIteratorProtocol {
            fileprivate let reader: GatherReader<Input>

            /// The next result; `nil` when there are no more. Throws ``ClientError`` at an early end, `CancellationError`
            /// if the task was cancelled.
            public mutating func next() async throws -> Gathered<Input>? { try await next(isolation: #isolation) }

            /// As ``next()``, on the caller's actor: a `for` loop asks here.
            @specialized(where Input == HTTPCall.Request)
            public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Gathered<Input>? {
                try await reader.next(isolation: actor)
            }
        }
    }
}

/// What the copies of an iterator share: when the last is gone, so is the reader.
private final class GatherReader<Input: Sendable>: Sendable {
    private let gathering: Gathering<Input>
    private let isRunning = Locked(false)

    init(_ gathering: Gathering<Input>) { self.gathering = gathering }

    deinit { gathering.cancel() }

    @specialized(where Input == HTTPCall.Request)
    func next(isolation: isolated (any Actor)?) async throws -> HTTPCall.Gathered<Input>? {
        let isFirst = isRunning.withLock { isRunning in
            defer { isRunning = true }
            return !isRunning
        }
        if isFirst { Task { [gathering] in await gathering.run() } }
        return try await gathering.next(isolation: isolation)
    }
}
