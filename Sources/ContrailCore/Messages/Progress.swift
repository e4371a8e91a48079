import ContrailBase

extension HTTPCall {
    /// How far a call is, both ways: made by the caller, put into a request, and iterated by another task.
    ///
    /// ```swift
    /// var request = HTTPCall.Request.post(url, body: .file(path))
    /// let progress = HTTPCall.Progress()
    /// request.progress = progress
    /// async let response = client.execute(request)
    /// for await now in progress { show(now.upload.bytes, of: now.upload.totalBytes) }
    /// ```
    /// Only the newest value is kept: a reader who is slow misses what was between, and never holds the transfer. The last
    /// value is not missed. The iteration ends when the call is over, however it ended (the call says how), or when the
    /// iterating task is cancelled, which leaves the call alone. One iteration at a time; none behind a cancelled one.
    ///
    /// For one call: a second one with the same progress reports nothing. If no call is made with it, an iteration waits
    /// until its task is cancelled. Cost: a lock per chunk of a body.
    public final class Progress: AsyncSequence, Sendable {
        /// How far the call was at one moment.
        public struct Value: Sendable, Hashable {
            /// Which send of the call this is about, from 0, as ``HTTPCall/Attempt/ordinal``. Each send, also that of a
            /// retry or behind a redirect, starts anew from 0 bytes. Of hedged sends it is the one that began last.
            public internal(set) var sendOrdinal = 0
            /// The body of the request: bytes that the transport has taken. One that was in memory is reported at its
            /// begin and when the response is there. No body: 0 of 0.
            public internal(set) var upload = Count()
            /// The body of the call's response: bytes that the caller has taken of a streamed one, after decoding; of a
            /// collected one all, at its end; of a download to a file the bytes in the file, and then nothing of
            /// ``upload``. What redirects and retried sends brought is not counted.
            public internal(set) var download = Count()
        }

        /// Bytes in one direction.
        public struct Count: Sendable, Hashable {
            /// Bytes so far.
            public internal(set) var bytes: Int64 = 0
            /// Bytes that it will be; `nil`: not known in advance. What turns up at the end of a body is then the total.
            public internal(set) var totalBytes: Int64?
        }

        private let count = Locked(TransferCount())
        /// Says that there is news, not what: one ring is as good as many.
        private let bell: AsyncStream<Void>
        private let ringer: AsyncStream<Void>.Continuation

        /// For one call.
        public init() { (bell, ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

        /// Iterates the values. One that begins late starts with the newest.
        public func makeAsyncIterator() -> Iterator { Iterator(progress: self, rings: bell.makeAsyncIterator()) }

        /// Takes the values one by one.
        public struct Iterator: AsyncIteratorProtocol {
            fileprivate let progress: Progress
            fileprivate var rings: AsyncStream<Void>.Iterator
            private var seen = 0
            private var isOver = false

            fileprivate init(progress: Progress, rings: AsyncStream<Void>.Iterator) {
                self.progress = progress
                self.rings = rings
            }

            /// The newest value, as soon as it is another than the last; `nil` when the call is over or the task cancelled.
            public mutating func next() async -> Value? {
                while true {
                    if let news = progress.count.withLock({ [seen] in $0.news(after: seen) }) {
                        seen = news.number
                        return news.value
                    }
                    guard !isOver else { return nil }
                    // What came between the last look and the end is looked at once more.
                    isOver = await rings.next(isolation: #isolation) == nil
                }
            }

            /// As ``next()``, on the caller's actor: a `for` loop asks here.
            public mutating func next(isolation actor: isolated (any Actor)?) async -> Value? {
                await next()
            }
        }

        // MARK: From the pipeline

        func change(_ decide: (inout TransferCount) -> Bool) {
            if count.withLock({ decide(&$0) }) { ringer.yield() }
        }

        /// The call is over. Idempotent.
        func end() {
            count.withLock { $0.end() }
            ringer.finish()
        }
    }
}
