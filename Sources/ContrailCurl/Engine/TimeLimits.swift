import ContrailBase
import ContrailCore

/// Which of a send's time limits rules at a moment, as a pure decision.
///
/// The loop looks when a limit may be due, not whenever something happens: a limit that begins later also ends later,
/// so looking again after the shortest of those to come never misses one, and a send that is over soon costs one look.
struct TimeLimits: Equatable {
    /// The whole send if its body is buffered, up to the head if it is streamed. `nil`: no limit.
    var deadline: MonotonicInstant?
    /// The end of a streamed body. `nil`: no limit.
    var bodyDeadline: MonotonicInstant?
    /// DNS, TCP and TLS.
    var connect: Duration
    /// From the request to the final head. `nil`: no limit.
    var timeToHead: Duration?
    /// Silence inside the body.
    var idleRead: Duration
    var isStreaming: Bool

    /// A limit that has passed.
    enum Passed: Equatable {
        case deadline
        case bodyDeadline
        case connect
        case timeToHead
        case idleRead
    }

    /// How far a send is.
    struct Progress: Equatable {
        /// `nil`: it waits for its turn.
        var started: MonotonicInstant?
        /// The request begins to go out.
        var connected: MonotonicInstant?
        /// It is out, its body included.
        var requestSent: MonotonicInstant?
        var headCompleted: MonotonicInstant?
        /// The last byte of the body, or the moment at which the consumer let the peer go on.
        var lastRead: MonotonicInstant?
        /// The consumer holds the peer back: the silence is not the peer's.
        var isPaused = false
    }

    /// The limit that has passed; the earliest, if there are several.
    func passed(_ progress: Progress, at now: MonotonicInstant) -> Passed? {
        guard let next = earliest(progress), next.at <= now else { return nil }
        return next.limit
    }

    /// When to look again, if none has passed; `nil`: there is no limit.
    func nextLook(_ progress: Progress, after now: MonotonicInstant) -> MonotonicInstant? {
        let coming = now + stillToBegin(progress)
        return earliest(progress).map { min($0.at, coming) } ?? coming
    }

    private func earliest(_ progress: Progress) -> (limit: Passed, at: MonotonicInstant)? {
        var result: (limit: Passed, at: MonotonicInstant)?
        func consider(_ limit: Passed, _ instant: MonotonicInstant?) {
            guard let instant, instant < result?.at ?? MonotonicInstant(nanoseconds: .max) else { return }
            result = (limit, instant)
        }
        if !isStreaming || progress.headCompleted == nil { consider(.deadline, deadline) }
        if isStreaming { consider(.bodyDeadline, bodyDeadline) }
        if let head = progress.headCompleted {
            if !progress.isPaused { consider(.idleRead, max(head, progress.lastRead ?? head) + idleRead) }
        } else if let sent = progress.requestSent {
            consider(.timeToHead, timeToHead.map { sent + $0 })
        } else if let started = progress.started, progress.connected == nil {
            consider(.connect, started + connect)
        }
        return result
    }

    /// The shortest of the limits whose time has not begun to run.
    private func stillToBegin(_ progress: Progress) -> Duration {
        var shortest = idleRead
        if progress.headCompleted == nil, let timeToHead { shortest = min(shortest, timeToHead) }
        if progress.started == nil { shortest = min(shortest, connect) }
        return shortest
    }
}

extension TimeLimits.Passed {
    var kind: TransportError.Kind {
        switch self {
        case .deadline, .bodyDeadline: .timeout
        case .connect: .connectTimeout
        case .timeToHead: .headTimeout
        case .idleRead: .idleReadTimeout
        }
    }

    /// `place` is host and port.
    func message(_ place: String, _ limits: TimeLimits, _ phase: SendSummary.Phase) -> String {
        switch self {
        case .deadline where phase == .queue: "the deadline passed before the request to \(place) began"
        case .deadline: "no complete answer from \(place) before the deadline (phase \(phase.rawValue))"
        case .bodyDeadline: "the body from \(place) was not complete before the deadline"
        case .connect:
            "connecting to \(place) took longer than \(limits.connect) (phase \(phase.rawValue))"
        case .timeToHead:
            "no response head from \(place) within \(limits.timeToHead ?? .zero) of the request"
        case .idleRead: "no byte of the body from \(place) for \(limits.idleRead)"
        }
    }
}
