/// What a collector has received, and how it is to answer. No lock, no clock.
struct CollectorState: Sendable {
    private(set) var requests: [FakeCollector.ReceivedRequest] = []
    private(set) var spans: [FakeCollector.ReceivedSpan] = []
    /// What was more than the limits.
    private(set) var notKept = 0

    private let maxRequests: Int
    private let maxSpans: Int
    private var behavior = FakeCollector.Behavior.accept
    private var remaining: Int?
    /// What the next requests are answered with, the next one last; stands before `behavior`.
    private var script: [FakeCollector.Behavior] = []

    init(maxRequests: Int, maxSpans: Int) {
        self.maxRequests = maxRequests
        self.maxSpans = maxSpans
    }

    // MARK: Answering

    mutating func behave(_ behavior: FakeCollector.Behavior, times: Int?) {
        self.behavior = behavior
        remaining = times.map { max($0, 1) }
        script = []
    }

    mutating func follow(_ script: [FakeCollector.Behavior]) {
        behave(.accept, times: nil)
        self.script = script.reversed()
    }

    /// How the next request is answered.
    mutating func takeBehavior() -> FakeCollector.Behavior {
        if let next = script.popLast() { return next }
        guard let left = remaining else { return behavior }
        defer {
            remaining = left > 1 ? left - 1 : nil
            if left <= 1 { behavior = .accept }
        }
        return behavior
    }

    // MARK: Receiving

    /// Keeps a request, if there is room.
    mutating func receive(_ request: FakeCollector.ReceivedRequest) {
        if requests.count < maxRequests { requests.append(request) } else { notKept += 1 }
        let kept = request.spans.prefix(maxSpans - spans.count)
        spans.append(contentsOf: kept)
        notKept += request.spans.count - kept.count
    }

    mutating func reset() {
        requests = []
        spans = []
        notKept = 0
    }
}
