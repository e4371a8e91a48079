/// One of those who are compared. What it has no means of its own for, it does as its users would write it.
public protocol Contender: Sendable {
    /// One GET; returns how many bytes the body had. Throws ``Refused`` unless the answer was 200.
    func get(_ url: String) async throws -> Int
    /// One POST of ``Load/Item/sample``, encoded here; the answer is decoded. As above.
    func post(_ url: String) async throws -> Int
    /// A GET that is repeated while the answer is 503. As above.
    func persistentGet(_ url: String) async throws -> Int
    /// All of them, so many under way at a time.
    func gather(_ urls: some Sequence<String> & Sendable, atMost window: Int) async -> Tally
    /// Sends what telemetry still holds back. `nil`: there is none.
    func flush() async -> Spans?
}

/// What came of requests.
public struct Tally: Sendable {
    /// Bytes of bodies.
    public var bytes = 0
    /// Requests that failed or were refused.
    public var failed = 0
    var latencies: [Double] = []

    /// Nothing yet.
    public init() {}

    static func + (a: Tally, b: Tally) -> Tally {
        var sum = a
        sum.bytes += b.bytes
        sum.failed += b.failed
        sum.latencies += b.latencies
        return sum
    }

    mutating func add(_ request: () async throws -> Int) async {
        do { bytes += try await request() } catch { failed += 1 }
    }
}

/// Spans that ended, and those of them that the receiver has.
public struct Spans: Sendable {
    let ended: Int
    let acknowledged: Int

    /// Counts.
    public init(ended: Int, acknowledged: Int) {
        self.ended = ended
        self.acknowledged = acknowledged
    }
}

/// The answer was not 200.
public struct Refused: Error {
    let status: Int

    /// What it was.
    public init(status: Int) { self.status = status }
}

extension Contender {
    /// The loop around the call that most programs have.
    public func persistentGet(_ url: String) async throws -> Int {
        for retry in 0... {
            do { return try await get(url) } catch let refusal as Refused {
                guard refusal.status == 503, retry + 1 < Patience.attempts else { throw refusal }
                try await Task.sleep(for: Patience.wait(beforeRetry: retry))
            }
        }
        throw Refused(status: 503)
    }

    /// A task group that starts a request whenever one is done.
    public func gather(_ urls: some Sequence<String> & Sendable, atMost window: Int) async -> Tally {
        await withTaskGroup(of: Tally.self) { group in
            var (tally, rest) = (Tally(), urls.makeIterator())
            func begin() {
                guard let url = rest.next() else { return }
                group.addTask {
                    var one = Tally()
                    await one.add { try await get(url) }
                    return one
                }
            }
            for _ in 0..<window { begin() }
            while let one = await group.next() {
                tally.bytes += one.bytes
                tally.failed += one.failed
                begin()
            }
            return tally
        }
    }

    /// Nothing is held back.
    public func flush() async -> Spans? { nil }
}
