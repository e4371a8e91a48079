import ContrailBase

/// A number that several tasks change, and the largest that it was.
final class Gauge: Sendable {
    private let state = Locked((now: 0, most: 0))

    var now: Int { state.withLock { $0.now } }
    var most: Int { state.withLock { $0.most } }

    func add(_ change: Int) { state.withLock { ($0.now, $0.most) = ($0.now + change, max($0.most, $0.now + change)) } }
}
