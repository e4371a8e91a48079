import ContrailCore

/// Who may start now. Not a queue for work (that is the call pipeline's), but protection against two bursts.
///
/// - A cold origin gets one transfer until it is known how its connection went: a thousand first requests would
///   otherwise mean a thousand look-ups, each a thread in libcurl. After that, at most `maxConnecting` transfers of an
///   origin are without a connection at a time.
/// - A loop has at most `maxInFlight` transfers in all.
///
/// What must wait, waits first-in first-out per origin; origins take turns.
struct OriginGate<Ticket: AnyObject> {
    /// A handle on an origin that has transfers; valid until the transfer it was given for has ended.
    typealias Lane = Int

    private struct State {
        var origin: Origin
        var inFlight = 0
        /// Started, and neither on a connection yet nor over.
        var connecting = 0
        var isWarm = false
        var waiting: [Ticket] = []
        var isReady = false
    }

    private let maxConnecting: Int
    private let maxInFlight: Int
    private var lanes: [State] = []
    private var index: [Origin: Lane] = [:]
    private var free: [Lane] = []
    private var ready: [Lane] = []
    /// Transfers that arrived and did not start.
    private(set) var waitingCount = 0
    private(set) var inFlight = 0

    init(maxConnecting: Int = 16, maxInFlight: Int) {
        self.maxConnecting = maxConnecting
        self.maxInFlight = maxInFlight
    }

    /// Number of origins with something under way or waiting.
    var laneCount: Int { index.count }

    /// A new transfer. `start` says whether it may start now; otherwise ``next()`` hands it out later.
    mutating func arrive(_ ticket: Ticket, at origin: Origin) -> (lane: Lane, start: Bool) {
        let lane = laneFor(origin)
        if lanes[lane].waiting.isEmpty, mayStart(lane) {
            begin(lane)
            return (lane, true)
        }
        lanes[lane].waiting.append(ticket)
        waitingCount += 1
        if inFlight >= maxInFlight { makeReady(lane) }
        return (lane, false)
    }

    /// A started transfer is on a connection.
    mutating func connected(_ lane: Lane) {
        lanes[lane].connecting -= 1
        lanes[lane].isWarm = true
        makeReady(lane)
    }

    /// A started transfer is over. A failed first attempt opens the gate as well: waiting one by one for a host that
    /// does not answer would cost each waiter a whole connect timeout.
    mutating func ended(_ lane: Lane, wasConnected: Bool) {
        if !wasConnected { lanes[lane].connecting -= 1 }
        lanes[lane].isWarm = true
        lanes[lane].inFlight -= 1
        inFlight -= 1
        makeReady(lane)
        removeIfUnused(lane)
    }

    /// A waiting transfer gives up. O(waiting).
    mutating func withdraw(_ ticket: Ticket, from lane: Lane) {
        let before = lanes[lane].waiting.count
        lanes[lane].waiting.removeAll { $0 === ticket }
        waitingCount -= before - lanes[lane].waiting.count
        removeIfUnused(lane)
    }

    /// The next waiting transfer that may start now; it counts as started.
    mutating func next() -> (ticket: Ticket, lane: Lane)? {
        while inFlight < maxInFlight, let lane = ready.first {
            ready.removeFirst()
            lanes[lane].isReady = false
            guard !lanes[lane].waiting.isEmpty, mayStart(lane) else { continue }
            begin(lane)
            let ticket = lanes[lane].waiting.removeFirst()
            waitingCount -= 1
            makeReady(lane)
            return (ticket, lane)
        }
        return nil
    }

    private mutating func laneFor(_ origin: Origin) -> Lane {
        if let lane = index[origin] { return lane }
        let lane: Lane
        if let unused = free.popLast() {
            lane = unused
            lanes[lane] = State(origin: origin)
        } else {
            lane = lanes.count
            lanes.append(State(origin: origin))
        }
        index[origin] = lane
        return lane
    }

    private func mayStart(_ lane: Lane) -> Bool {
        inFlight < maxInFlight && lanes[lane].connecting < (lanes[lane].isWarm ? maxConnecting : 1)
    }

    private mutating func begin(_ lane: Lane) {
        inFlight += 1
        lanes[lane].inFlight += 1
        lanes[lane].connecting += 1
    }

    private mutating func makeReady(_ lane: Lane) {
        guard !lanes[lane].waiting.isEmpty, !lanes[lane].isReady else { return }
        lanes[lane].isReady = true
        ready.append(lane)
    }

    private mutating func removeIfUnused(_ lane: Lane) {
        guard lanes[lane].inFlight == 0, lanes[lane].waiting.isEmpty else { return }
        index[lanes[lane].origin] = nil
        if lanes[lane].isReady { ready.removeAll { $0 == lane } }
        lanes[lane].isReady = false
        free.append(lane)
    }
}
