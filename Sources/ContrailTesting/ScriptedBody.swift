public import ContrailBase
public import ContrailCore

/// A streamed body without a socket: hands out its chunks, then ends, fails or stays silent. For one response.
public final class ScriptedBody: WireBodyStream {
    /// What comes behind the last chunk.
    public enum Ending: Sendable {
        /// The end of the body.
        case complete
        /// A failure of this kind.
        case failure(TransportError.Kind)
        /// Nothing, until the task is cancelled or the body given up.
        case silence
    }

    private struct State {
        var chunks: [ByteChunk]
        var summary = SendSummary(submitted: MonotonicInstant(nanoseconds: 0))
        var isCancelled = false
        var time: any TimeSource = SystemTime()
    }

    private let ending: Ending
    private let state: Locked<State>

    /// A body of these chunks.
    public init(_ chunks: [ByteChunk], then ending: Ending = .complete) {
        self.ending = ending
        state = Locked(State(chunks: chunks.reversed()))
    }

    /// A body of these texts, a chunk each.
    public convenience init(_ chunks: String..., then ending: Ending = .complete) {
        self.init(chunks.map { ByteChunk($0.utf8) }, then: ending)
    }

    /// True once the rest was given up.
    public var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Chunks that nobody has taken.
    public var remainingChunks: Int { state.withLock { $0.chunks.count } }

    /// The measurements.
    public var summary: SendSummary { state.withLock { $0.summary } }

    /// The next chunk, or what the script says comes behind the last one.
    public func next() async throws -> ByteChunk? {
        if Task.isCancelled { cancel() }
        let (chunk, isCancelled) = state.withLock { state -> (ByteChunk?, Bool) in
            guard !state.isCancelled else { return (nil, true) }
            let chunk = state.chunks.popLast()
            state.summary.responseBodyBytes += Int64(chunk?.count ?? 0)
            return (chunk, false)
        }
        if isCancelled { throw TransportError(.cancelled, "scripted", summary: summary) }
        if let chunk { return chunk }
        return try await end()
    }

    /// Gives up the rest.
    public func cancel() {
        finish()
        state.withLock { $0.isCancelled = true }
    }

    func begin(_ time: any TimeSource) {
        state.withLock { state in
            state.time = time
            state.summary = SendSummary(submitted: time.now)
            state.summary.wireSends = 1
        }
    }

    private func end() async throws -> ByteChunk? {
        switch ending {
        case .complete:
            finish()
            return nil
        case .failure(let kind):
            finish()
            throw TransportError(kind, "scripted", summary: summary)
        case .silence:
            let time = state.withLock { $0.time }
            try? await time.sleep(until: MonotonicInstant(nanoseconds: .max))
            finish()
            throw TransportError(.cancelled, "scripted", summary: summary)
        }
    }

    private func finish() {
        state.withLock { state in
            if state.summary.ended == nil { state.summary.ended = state.time.now }
        }
    }
}
