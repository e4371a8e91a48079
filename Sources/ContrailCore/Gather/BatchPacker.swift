/// Packs items into batches, in order. Pure.
struct BatchPacker<Item: Sendable> {
    /// Items that go together, and the place of the first.
    struct Pack {
        var items: [Item] = []
        var start = 0
        var positions: Range<Int> { start..<(start + items.count) }
    }

    private let size: HTTPCall.BatchSize<Item>
    private var open = Pack()
    private var openBytes = 0

    init(size: HTTPCall.BatchSize<Item>) { self.size = size }

    /// Adds an item. Returns the batch that is full, with it or because it did not fit in.
    mutating func add(_ item: Item) -> Pack? {
        let bytes = size.maxBytes == nil ? 0 : max(size.bytes(item), 0)
        let full = fits(bytes) ? nil : flush()
        open.items.append(item)
        openBytes = openBytes.addingReportingOverflow(bytes).partialValue
        if full != nil { return full }
        return isFull ? flush() : nil
    }

    /// What is left.
    mutating func flush() -> Pack? {
        guard !open.items.isEmpty else { return nil }
        defer {
            open = Pack(start: open.positions.upperBound)
            openBytes = 0
        }
        return open
    }

    private func fits(_ bytes: Int) -> Bool {
        guard let maxBytes = size.maxBytes, !open.items.isEmpty else { return true }
        let (sum, isTooLarge) = openBytes.addingReportingOverflow(bytes)
        return !isTooLarge && sum <= maxBytes
    }

    private var isFull: Bool { open.items.count >= max(size.maxItems, 1) }
}
