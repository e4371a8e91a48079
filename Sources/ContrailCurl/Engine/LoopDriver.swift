import CContrailCurlShim
import ContrailBase
import ContrailCore

/// The thread's work: takes commands, lets libcurl act, answers what is over, waits.
///
/// Decisions are in ``OriginGate``, ``DeadlineHeap``, ``FailureRules`` and
/// ``BodyQueue``; here they are put into action.
///
// SAFETY: from `run` on everything here belongs to whoever has the loop's turn (``EventLoop``): its thread, except while that
// waits.
final class LoopDriver: @unchecked Sendable {
    let loop: EventLoop
    private let poller: any Poller
    let core: LoopCore
    let settings: LoopSettings

    // SAFETY: what every request touches several times is read and written under the loop's turn alone. Nothing that runs inside
    // an access comes back here: what is resumed runs on its own executor, and commands only go to the inbox. Checking for overlaps
    // at run time would find none, at a tenth of this class's instructions.
    @safe @exclusivity(unchecked) var pool: [Slot] = []
    @safe @exclusivity(unchecked) var gate: OriginGate<Transfer>
    @safe @exclusivity(unchecked) var timers = DeadlineHeap<Transfer>()
    /// Everything that was started and is not over: in the gate or with libcurl.
    @safe @exclusivity(unchecked) var live: [Transfer] = []
    /// Of this turn.
    @safe @exclusivity(unchecked) var deliveries = Deliveries()
    let relay: Relay
    @safe @exclusivity(unchecked) var pace = RelayPace()
    /// How many deliveries the last turn had that had any.
    @safe @exclusivity(unchecked) var lastDeliveries = 0
    /// Where the last answer came from: a connection to there is open, unless the peer has closed it since.
    @safe @exclusivity(unchecked) var lastAnswering: Origin?
    /// One of the open connections may be encrypted; libcurl closes idle ones whenever it starts something.
    private var mayHoldTLS = false
    var uploadTimers = DeadlineHeap<Upload>()
    var uploadsWithNews: [Upload] = []
    private var commands: [EventLoop.Command] = []
    @safe @exclusivity(unchecked) var now = MonotonicInstant(nanoseconds: 0)
    private var lastForcedTimers = MonotonicInstant(nanoseconds: 0)
    private var lastBusy = MonotonicInstant(nanoseconds: 0)
    /// When the thread's wait ends by itself; `nil`: not at all.
    private var waitsUntil: MonotonicInstant?
    private var isStopping = false

    /// Throws if memory is out.
    init(loop: EventLoop, poller: any Poller, settings: LoopSettings) throws(OutOfResources) {
        guard let core = poller.makeCore(maxConnections: settings.maxConnections) else {
            throw OutOfResources(errorNumber: Int32(CURLE_OUT_OF_MEMORY.rawValue))
        }
        self.loop = loop
        self.poller = poller
        self.core = core
        self.settings = settings
        relay = Relay(executor: settings.relayExecutor)
        gate = OriginGate(maxInFlight: settings.maxConnections)
    }

    /// Undoes `init` if no thread could be started.
    func discard() { core.destroy() }

    /// Runs until it is told to stop. Returns the loop, so that the driver is gone when the end is announced.
    consuming func run() -> EventLoop {
        let loop = loop
        loop.open(self)
        var ready: Int32? = 0
        while case .wait(let milliseconds) = loop.withTurn({ takeTurn(ready) }) {
            ready = core.wait(milliseconds: milliseconds)
        }
        return loop
    }

    // MARK: One turn

    enum Next: Sendable {
        /// `nil`: without limit.
        case wait(milliseconds: Int32?)
        case end
    }

    /// - Parameter ready: what the thread's wait has found; `nil`: waiting is no longer possible.
    private func takeTurn(_ ready: Int32?) -> Next {
        core.beginTurn(ready ?? 0)
        now = Self.readClock()
        takeCommands()
        work()
        wakeConsumers()
        if isStopping || ready == nil {
            stop()
            return .end
        }
        return .wait(milliseconds: prepareToWait())
    }

    /// A turn on the thread that wants a transfer, while the loop's own waits: that saves waking it. False, and nothing is done,
    /// where the turn could become more than one request on a connection that is open and in the clear, or where several are or have
    /// just been under way, which are better started together.
    func start(_ transfer: Transfer) -> Bool {
        guard live.isEmpty, lastDeliveries <= 1, !pace.isWaiting, !mayHoldTLS,
            core.socketsOpened > core.socketsClosed, lastAnswering == transfer.origin
        else { return false }
        loop.counters.submitted()
        loop.counters.startedBySender()
        core.beginTurn(0)
        now = Self.readClock()
        lastBusy = now
        begin(transfer)
        work()
        wakeConsumers()
        let limit = waitLimit()
        core.endTurn(waits: false)
        if let limit, waitsUntil.map({ limit < $0 }) ?? true { loop.wake() }
        return true
    }

    private func takeCommands() {
        loop.takeCommands(&commands)
        for command in commands {
            switch command {
            case .start(let transfer): begin(transfer)
            case .cancel(let transfer): cancel(transfer)
            case .resume(let transfer): resume(transfer)
            case .resumeUpload(let transfer): resumeUpload(transfer)
            case .failUpload(let transfer, let problem): failUpload(transfer, problem)
            case .stop: isStopping = true
            }
        }
        commands.removeAll(keepingCapacity: true)
    }

    /// What libcurl did may open the gate, and what the gate lets through gives libcurl something to do; a handful of
    /// rounds settles it, the rest waits for the next turn.
    private func work() {
        let force = !live.isEmpty && now - lastForcedTimers >= Self.longestWait
        if force { lastForcedTimers = now }
        core.runTimers(force: force)
        for _ in 0..<8 {
            takeNews()
            takeDone()
            guard letThrough() else { break }
            core.runTimers(force: false)
        }
        fireTimeouts()
        checkUploads()
    }

    private func takeNews() {
        while let (slot, news) = core.nextNews() {
            guard let transfer = slot.transfer else { continue }
            if news.contains(.connected) { markConnected(transfer) }
            if news.contains(.sent), let upload = transfer.upload { noteSent(upload, slot) }
            if news.contains(.head), slot.hasCompleteHead {
                if let upload = transfer.upload { stopUpload(upload, slot) }
                if case .streaming = transfer.mode { handUpHead(transfer, slot) }
            }
            if news.contains(.body) || news.contains(.paused) { passOn(transfer, slot) }
            if news.contains(.broken) { finish(transfer, ended: Self.readClock(), result: CURLE_WRITE_ERROR) }
        }
    }

    private func takeDone() {
        while let (slot, result) = core.nextDone() {
            guard let transfer = slot.transfer else { continue }
            finish(transfer, ended: Self.readClock(), result: result)
        }
    }

    private func letThrough() -> Bool {
        var any = false
        while let (transfer, _) = gate.next() {
            any = true
            hand(transfer)
        }
        return any
    }

    // MARK: Waiting

    /// libcurl has lost timers in some versions: while something is under way it is asked this often in any case.
    private static let longestWait = Duration.seconds(1)

    private func prepareToWait() -> Int32? {
        if !live.isEmpty { lastBusy = now }
        waitsUntil = waitLimit()
        let mayWait = loop.prepareToSleep()
        core.endTurn(waits: true)
        guard mayWait else { return 0 }
        return waitsUntil.map { Profile.waitMilliseconds(until: $0, now: Self.readClock()) }
    }

    private func waitLimit() -> MonotonicInstant? {
        var limit = core.timer
        func consider(_ instant: MonotonicInstant?) {
            guard let instant else { return }
            limit = min(limit ?? instant, instant)
        }
        consider(timers.earliest)
        consider(uploadTimers.earliest)
        consider(relayDeadline())
        if !live.isEmpty {
            consider(now + Self.longestWait)
        } else if core.socketsOpened > core.socketsClosed {
            closeIdleConnections()
            if core.socketsOpened > core.socketsClosed { consider(lastBusy + settings.idleConnectionAge) }
            // What others start in the meantime then needs no shorter wait.
            if now - lastBusy < Self.longestWait { consider(now + Self.longestWait) }
        }
        return limit
    }

    /// libcurl looks at idle connections only when a request starts; without any, those the peer has closed would
    /// stay half open for ever. One wake per lull, none after it.
    private func closeIdleConnections() {
        guard now - lastBusy >= settings.idleConnectionAge else { return }
        core.recycle(maxConnections: settings.maxConnections)
        (lastAnswering, mayHoldTLS) = (nil, false)
        loop.counters.turned(opened: core.socketsOpened, closed: core.socketsClosed, waiting: gate.waitingCount)
    }

    static func readClock() -> MonotonicInstant { MonotonicInstant(nanoseconds: contrail_now()) }

    // MARK: Beginning

    private func begin(_ transfer: Transfer) {
        guard transfer.state == .submitted else {
            // The cancel overtook the start.
            let summary = SendSummary(transfer, started: nil, ended: max(now, transfer.submitted))
            transfer.answer = .failure(TransportError.cancelled(summary))
            transfer.state = .over
            loop.counters.over()
            deliveries.append(transfer)
            if let upload = transfer.upload { endUpload(upload) }
            return
        }
        transfer.state = .waiting
        transfer.liveIndex = live.count
        live.append(transfer)
        watch(transfer)
        let (lane, mayStart) = gate.arrive(transfer, at: transfer.origin)
        transfer.lane = lane
        if mayStart { hand(transfer) }
    }

    /// To libcurl; the gate has counted it already.
    private func hand(_ transfer: Transfer) {
        transfer.state = .running
        transfer.started = max(now, transfer.submitted)  // the turn may have begun before the submission
        if let deadline = transfer.limits.deadline, deadline <= now {
            return fail(transfer, .timeout, "the deadline had passed before the request to \(transfer.place) began")
        }
        guard let slot = pool.popLast() ?? Slot.make(in: core) else {
            return fail(transfer, .localResources, "out of memory")
        }
        transfer.slot = slot
        if transfer.origin.scheme == .https { mayHoldTLS = true }
        slot.begin(settings.limits(for: transfer), for: transfer)
        let code = settings.profile.apply(to: slot, transfer)
        guard code == CURLE_OK else {
            return fail(transfer, .other, "libcurl refused an option (\(code.rawValue))")
        }
        guard core.add(slot) else { return fail(transfer, .other, "libcurl refused the transfer") }
    }

    private func markConnected(_ transfer: Transfer) {
        guard !transfer.isConnected else { return }
        transfer.isConnected = true
        gate.connected(transfer.lane)
        if let upload = transfer.upload { openUpload(upload) }
    }

    // MARK: The end

    private func stop() {
        while let transfer = live.last { fail(transfer, .shutDown, "the transport was shut down") }
        for slot in pool { slot.destroy() }
        pool.removeAll()
        core.destroy()
        loop.retirePoller()
        poller.close()
        wakeConsumersFinally()
    }
}
