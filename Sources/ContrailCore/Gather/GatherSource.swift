/// Takes inputs from a sequence, for whichever worker has its turn. Ends with `nil`.
typealias GatherSource<Input> = @Sendable () async throws -> Input?

/// The iterator of a sequence, where tasks take from it one after the other.
private actor SequenceSource<Base: IteratorProtocol & SendableMetatype> where Base.Element: Sendable {
    private var iterator: Base

    init(_ iterator: sending Base) { self.iterator = iterator }

    func next() -> Base.Element? { iterator.next() }
}

/// The iterator of an async sequence, where tasks take from it one after the other.
private actor AsyncSource<Base: AsyncIteratorProtocol & SendableMetatype> where Base.Element: Sendable {
    /// Out while somebody takes from it.
    private var iterator: Base?

    init(_ iterator: sending Base) { self.iterator = iterator }

    func next() async throws -> Base.Element? {
        guard var taken = iterator.take() else { return nil }
        defer { iterator = taken }
        return try await taken.next(isolation: self)
    }
}

enum GatherSources {
    static func make<Inputs: Sequence>(
        _ inputs: sending Inputs
    ) -> GatherSource<Inputs.Element> where Inputs.Element: Sendable, Inputs.Iterator: SendableMetatype {
        let source = SequenceSource(inputs.makeIterator())
        return { await source.next() }
    }

    static func make<Inputs: AsyncSequence>(
        _ inputs: sending Inputs
    ) -> GatherSource<Inputs.Element> where Inputs.Element: Sendable, Inputs.AsyncIterator: SendableMetatype {
        let source = AsyncSource(inputs.makeAsyncIterator())
        return { try await source.next() }
    }

    /// How many inputs there are, if that can be said without looking at them.
    static func count(_ inputs: some Sequence) -> Int? { (inputs as? any RandomAccessCollection)?.count }
}
