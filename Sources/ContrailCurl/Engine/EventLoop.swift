import CContrailCurlShim
import ContrailBase
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A thread that runs transfers, seen from outside: its inbox, its turn and its life.
///
/// The thread is started by the first send, so that a loop nobody uses costs nothing. While it waits, a sender may take a turn
/// (docs/decisions/0015-senders-take-turns.md).
final class EventLoop: Sendable {
    enum Command: Sendable {
        case start(Transfer)
        case cancel(Transfer)
        case resume(Transfer)
        case resumeUpload(Transfer)
        case failUpload(Transfer, UploadPipe.Problem)
        case stop
    }

    enum Refusal: Error {
        case shutDown
        case resources(OutOfResources)
    }

    let counters = LoopCounters()
    private let settings: LoopSettings
    private let state = Locked(State())
    /// The driver belongs to who holds this. The thread does, but while it waits; `nil` before its birth and behind its end.
    /// Inside it the inbox's lock may be taken, never the other way round; and, unlike under any other lock, tasks are resumed.
    private let turn = Locked<LoopDriver?>(nil)
    /// A hint: to try for a lock that another holds is a system call.
    private let threadWaits = Atomic(false)

    private struct State: Sendable {
        var life = Life.unused
        var commands: [Command] = []
        /// True while the thread waits or is about to: only then a wake is needed.
        var isAsleep = false
        /// Forgotten under the lock before it is closed, so that nobody writes to a descriptor that is not ours.
        var poller: (any Poller)?
    }

    private enum Life: Sendable {
        case unused
        case running(ThreadID)
        case stopping(ThreadID, waiters: [CheckedContinuation<JoinDuty?, Never>])
        /// Told to stop by deinit: nobody waits, the thread frees itself.
        case abandoned
        case ended
    }

    /// Whoever is handed this joins the thread and then tells the others.
    private struct JoinDuty: Sendable {
        let thread: ThreadID
        let others: [CheckedContinuation<JoinDuty?, Never>]
    }

    init(_ settings: LoopSettings) { self.settings = settings }

    // MARK: Commands, from any thread

    /// Hands a transfer over; it will be answered exactly once. Throws if it was not taken.
    func start(_ transfer: Transfer) throws(Refusal) {
        if startHere(transfer) { return }
        try state.withLock { state throws(Refusal) in
            if case .unused = state.life { try Self.launch(&state, self) }
            guard case .running = state.life else { throw .shutDown }
            Self.push(.start(transfer), &state)
        }
        counters.submitted()
    }

    /// On this thread, if the loop's waits.
    private func startHere(_ transfer: Transfer) -> Bool {
        guard threadWaits.load(ordering: .relaxed), settings.poller.letsOthersTakeTurns, transfer.suitsItsSendersThread
        else { return false }
        // A cancel that is in the inbox comes first.
        return turn.withLockIfAvailable { driver in
            guard state.withLock({ $0.commands.isEmpty }) else { return false }
            return driver?.start(transfer) ?? false
        } ?? false
    }

    /// Everything but `start` and `stop`. Without effect once the loop is stopping: everything is being answered then.
    func send(_ command: Command) {
        state.withLock { state in
            guard case .running = state.life else { return }
            Self.push(command, &state)
        }
    }

    /// Ends the thread after it has failed what is under way, and waits for it. Idempotent.
    func shutdown() async {
        let duty = await withCheckedContinuation { (waiter: CheckedContinuation<JoinDuty?, Never>) in
            let isOver = state.withLock { state -> Bool in
                switch state.life {
                case .unused:
                    state.life = .ended
                    return true
                case .running(let thread):
                    Self.push(.stop, &state)
                    state.life = .stopping(thread, waiters: [waiter])
                    return false
                case .stopping(let thread, let waiters):
                    state.life = .stopping(thread, waiters: waiters + [waiter])
                    return false
                case .abandoned, .ended: return true
                }
            }
            if isOver { waiter.resume(returning: nil) }
        }
        guard let duty else { return }
        duty.thread.join()  // its last act was to resume us: this takes microseconds
        for other in duty.others { other.resume(returning: nil) }
    }

    /// Tells the thread to end and returns at once. For deinit, which must not wait.
    func abandon() {
        state.withLock { state in
            switch state.life {
            case .unused: state.life = .ended
            case .running(let thread):
                Self.push(.stop, &state)
                state.life = .abandoned
                thread.detach()
            case .stopping, .abandoned, .ended: break
            }
        }
    }

    /// One wake per turn at most. The wake is under the lock because the poller may only be touched
    /// while it is known not to be closed; it never blocks.
    private static func push(_ command: Command, _ state: inout State) {
        state.commands.append(command)
        wake(&state)
    }

    private static func wake(_ state: inout State) {
        guard state.isAsleep else { return }
        state.isAsleep = false
        state.poller?.wake()
    }

    // MARK: The turn

    /// The thread is there: others may take turns.
    func open(_ driver: LoopDriver) { turn.withLock { $0 = driver } }

    /// Runs `body` when no other has the turn; at the end there are no more.
    func withTurn(_ body: () -> LoopDriver.Next) -> LoopDriver.Next {
        threadWaits.store(false, ordering: .relaxed)
        let next = turn.withLock { driver in
            let next = body()
            if case .end = next { driver = nil }
            return next
        }
        if case .wait = next { threadWaits.store(true, ordering: .relaxed) }
        return next
    }

    /// Ends the thread's wait.
    func wake() { state.withLock { Self.wake(&$0) } }

    // MARK: The thread's side

    /// Takes what has arrived; `spare` is handed in to be filled the next time.
    func takeCommands(_ spare: inout [Command]) {
        state.withLock { state in
            state.isAsleep = false
            swap(&state.commands, &spare)
        }
    }

    /// Announces that the thread is about to wait. False if commands are there already.
    func prepareToSleep() -> Bool {
        state.withLock { state in
            guard state.commands.isEmpty else { return false }
            state.isAsleep = true
            return true
        }
    }

    /// The thread's last words but for its waiters: from here on nobody touches the poller.
    func retirePoller() { state.withLock { $0.poller = nil } }

    /// The thread's very last act. What still arrived, which is possible only if waiting itself failed, is handed back
    /// to be answered.
    func ended() {
        let (late, duty) = state.withLock { state in
            let duty = Self.duty(state.life)
            state.life = .ended
            defer { state.commands = [] }
            return (state.commands, duty)
        }
        for case .start(let transfer) in late { transfer.refuse() }
        if let (waiter, duty) = duty { waiter.resume(returning: duty) }
    }

    private static func duty(_ life: Life) -> (CheckedContinuation<JoinDuty?, Never>, JoinDuty)? {
        switch life {
        case .stopping(let thread, let waiters):
            return waiters.first.map { ($0, JoinDuty(thread: thread, others: Array(waiters.dropFirst()))) }
        case .running(let thread):
            thread.detach()  // it ends although nobody told it to
            return nil
        case .unused, .abandoned, .ended: return nil
        }
    }

    // MARK: Birth

    /// Under the lock, once in the life of a loop: nobody can need the lock for anything before the thread is there.
    private static func launch(_ state: inout State, _ loop: EventLoop) throws(Refusal) {
        do throws(OutOfResources) {
            let poller = try loop.settings.poller.make()
            do throws(OutOfResources) {
                let driver = try LoopDriver(loop: loop, poller: poller, settings: loop.settings)
                state.life = .running(try ThreadID.start(name: loop.settings.threadName, driver))
                state.poller = poller
            } catch {
                poller.close()
                throw error
            }
        } catch {
            throw .resources(error)
        }
    }
}

/// What a loop needs to know.
struct LoopSettings: Sendable {
    var threadName: String
    var poller: PollerKind
    var profile: Profile
    var maxConnections: Int
    var idleConnectionAge: Duration
    var maxHeadBytes: Int
    var maxHeadFields: Int
    /// Where the relay's task runs; `nil`: where all tasks do.
    var relayExecutor: (any TaskExecutor)?
}
