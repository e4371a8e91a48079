public import ContrailCore

extension HTTPClient {
    /// The results of many requests, in the order of the requests.
    public struct FetchResults: RandomAccessCollection, Sendable {
        private let results: [Result<Response, any Error>]

        init(_ results: [Result<Response, any Error>]) { self.results = results }

        /// The first index: 0.
        public var startIndex: Int { 0 }
        /// One past the last index.
        public var endIndex: Int { results.count }
        /// The result of the request at `position`. Traps outside the bounds, as every collection does.
        public subscript(position: Int) -> Result<Response, any Error> { results[position] }

        /// The responses that came, of whatever status, in order.
        public var successes: [Response] { results.compactMap { try? $0.get() } }

        /// What failed, with the place in the list of requests.
        public var failures: [Failure] {
            results.enumerated().compactMap { index, result in
                guard case .failure(let error) = result else { return nil }
                return Failure(index: index, error: error)
            }
        }

        /// A request that failed.
        public struct Failure: Sendable, CustomStringConvertible {
            /// Its place in the list of requests.
            public let index: Int
            /// Why: a ``ClientError``, a `CancellationError`, or what a middleware threw.
            public let error: any Error
            /// Place and reason.
            public var description: String { "request \(index): \(error)" }
        }
    }
}
