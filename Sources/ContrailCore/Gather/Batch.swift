extension HTTPCall {
    /// Items that travel in one request.
    public struct Batch<Item: Sendable>: Sendable {
        /// The items.
        public let items: [Item]
        /// Their places among all items, from 0.
        public let positions: Range<Int>
        /// The request, once it was made: the same, with the same Idempotency-Key, each time the batch is sent. `nil`: it
        /// was not begun, or could not be made.
        public internal(set) var request: Request?
        let makeRequest: @Sendable ([Item]) throws -> Request

        /// Makes the request unless there is one.
        mutating func prepare() throws -> Request {
            if let request { return request }
            let made = try makeRequest(items)
            request = made
            return made
        }
    }

    /// How many items go into one request.
    public struct BatchSize<Item: Sendable>: Sendable {
        /// The most items of a batch; at least 1, smaller values count as that.
        public var maxItems: Int
        /// The most bytes of a batch, as ``bytes`` counts them; `nil`: no limit. An item that is larger goes alone.
        public var maxBytes: Int?
        /// How many bytes an item is. Runs for every item if there is a ``maxBytes``; must not block.
        public var bytes: @Sendable (Item) -> Int

        /// Batches of up to `max` items.
        public static func items(_ max: Int) -> BatchSize { BatchSize(maxItems: max, maxBytes: nil, bytes: { _ in 0 }) }

        /// Batches of up to `max` items that have up to `maxBytes` bytes together.
        public static func items(
            _ max: Int, maxBytes: Int, _ bytes: @escaping @Sendable (Item) -> Int
        ) -> BatchSize {
            BatchSize(maxItems: max, maxBytes: maxBytes, bytes: bytes)
        }
    }
}
