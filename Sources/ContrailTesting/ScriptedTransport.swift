public import ContrailBase
public import ContrailCore
public import HTTPTypes

/// A transport without a socket: answers each send from a script, and keeps what was sent.
///
/// ```swift
/// let transport = ScriptedTransport(.status(503), .status(200, body: "ok"))
/// let client = try HTTPClient(transport: transport)
/// ```
/// The last step answers all further sends.
public final class ScriptedTransport: Transport {
    /// What a send is answered with.
    public struct Step: Sendable {
        fileprivate let answer: @Sendable (WireRequest, ScriptedTransport) async throws -> WireResponse

        /// A response with this status, these header fields and this body.
        public static func status(_ code: Int, headers: HTTPFields = [:], body: String = "") -> Step {
            Step { request, transport in
                transport.response(code, headers: headers, body: ByteChunk(body.utf8))
            }
        }

        /// A response whose body comes in these chunks. A collected call gets them joined.
        public static func stream(_ code: Int, headers: HTTPFields = [:], _ body: ScriptedBody) -> Step {
            Step { _, transport in transport.response(code, headers: headers, streaming: body) }
        }

        /// A failure of this kind. `wireSends` says whether the request had gone out.
        public static func failure(_ kind: TransportError.Kind, wireSends: Int = 1) -> Step {
            Step { _, transport in throw transport.error(kind, wireSends: wireSends) }
        }

        /// Whatever `answer` returns or throws.
        public static func custom(_ answer: @escaping @Sendable (WireRequest) async throws -> WireResponse) -> Step {
            Step { request, _ in try await answer(request) }
        }

        /// No answer until the task is cancelled or the request's deadline comes.
        public static let silence = Step { request, transport in
            do {
                try await transport.time.sleep(
                    until: request.deadline ?? MonotonicInstant(nanoseconds: .max))
            } catch {
                throw transport.error(.cancelled, wireSends: 1)
            }
            throw transport.error(.timeout, wireSends: 1)
        }
    }

    private struct State {
        var steps: [Step]
        var next = 0
        var requests: [WireRequest] = []
        var underWay = 0
        var mostUnderWay = 0
        var isShutDown = false
    }

    private let state: Locked<State>
    private let maxRequests: Int
    /// The clock of the measurements.
    fileprivate let time: any TimeSource

    /// A transport that answers with these steps in order; without any, with status 200.
    ///
    /// - Parameter maxRequests: how many requests are kept to look at, those that came first; the others are counted.
    public init(_ steps: Step..., time: any TimeSource = SystemTime(), maxRequests: Int = 100_000) {
        state = Locked(State(steps: steps.isEmpty ? [.status(200)] : steps))
        self.time = time
        self.maxRequests = maxRequests
    }

    /// The requests that were sent, in order: as many as are kept.
    public var requests: [WireRequest] { state.withLock { $0.requests } }

    /// How many requests were sent.
    public var requestCount: Int { state.withLock { $0.next } }

    /// How many were under way at once, at the most.
    public var mostUnderWay: Int { state.withLock { $0.mostUnderWay } }

    /// True after ``shutdown()``.
    public var isShutDown: Bool { state.withLock { $0.isShutDown } }

    /// Answers with the next step.
    public func send(_ request: WireRequest, mode: BodyMode) async throws -> WireResponse {
        let step = state.withLock { state -> Step? in
            guard !state.isShutDown else { return nil }
            if state.requests.count < maxRequests { state.requests.append(request) }
            state.underWay += 1
            state.mostUnderWay = max(state.mostUnderWay, state.underWay)
            defer { state.next += 1 }
            return state.steps[min(state.next, state.steps.count - 1)]
        }
        guard let step else { throw error(.shutDown, wireSends: 0) }
        defer { state.withLock { $0.underWay -= 1 } }
        var response = try await step.answer(request, self)
        if case .buffered(let limit) = mode, case .stream(let stream) = response.body {
            response.body = .buffered(try await collect(stream, upTo: limit))
            response.summary = stream.summary
        }
        return response
    }

    /// Refuses what comes.
    public func shutdown() async { state.withLock { $0.isShutDown = true } }

    /// A response as this transport makes them, for ``Step/custom(_:)``.
    public func response(_ code: Int, headers: HTTPFields = [:], body: ByteChunk = .empty) -> WireResponse {
        var summary = SendSummary(submitted: time.now)
        summary.wireSends = 1
        summary.ended = time.now
        summary.responseBodyBytes = Int64(body.count)
        let head = ResponseHead(status: HTTPResponse.Status(code: code), version: .http11, headers: headers)
        return WireResponse(head: head, body: .buffered(body), summary: summary)
    }

    /// A response whose body is still to be taken, for ``Step/custom(_:)``.
    public func response(_ code: Int, headers: HTTPFields = [:], streaming body: ScriptedBody) -> WireResponse {
        body.begin(time)
        let head = ResponseHead(status: HTTPResponse.Status(code: code), version: .http11, headers: headers)
        return WireResponse(head: head, body: .stream(body), summary: body.summary)
    }

    private func collect(_ stream: any WireBodyStream, upTo limit: Int) async throws -> ByteChunk {
        var bytes: [UInt8] = []
        while let chunk = try await stream.next() {
            bytes += chunk
            guard bytes.count <= limit else { throw error(.bodyTooLarge, wireSends: 1) }
        }
        return ByteChunk(bytes)
    }

    fileprivate func error(_ kind: TransportError.Kind, wireSends: Int) -> TransportError {
        var summary = SendSummary(submitted: time.now)
        summary.wireSends = wireSends
        summary.ended = time.now
        return TransportError(kind, "scripted", summary: summary)
    }
}
