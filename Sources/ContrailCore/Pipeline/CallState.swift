import ContrailBase
import HTTPTypes

/// What one call knows of itself while it runs: its limits, who watches it, and what has happened so far.
final class CallState: Sendable {
    let request: HTTPCall.Request
    let url: RequestURL
    let mode: BodyMode
    let start: MonotonicInstant
    /// When everything must be over; `nil`: no limit.
    let deadline: MonotonicInstant?
    let observations: [any CallObservation]
    private let history = Locked(History())

    struct History {
        var nextOrdinal = 0
        var attempts: [HTTPCall.Attempt] = []
        var permitWait = Duration.zero
        var rateLimitWait = Duration.zero
        var backOffWait = Duration.zero
        var redirects: [HTTPCall.Redirect] = []
        /// Where the response came from; `nil` until there is one, or if a step of the user's answered.
        var finalURL: RequestURL?
    }

    init(
        request: HTTPCall.Request, url: RequestURL, mode: BodyMode, start: MonotonicInstant,
        deadline: MonotonicInstant?,
        observations: [any CallObservation]
    ) {
        self.request = request
        self.url = url
        self.mode = mode
        self.start = start
        self.deadline = deadline
        self.observations = observations
    }

    func takeOrdinal() -> Int {
        history.withLock { history in
            defer { history.nextOrdinal += 1 }
            return history.nextOrdinal
        }
    }

    func record(_ attempt: HTTPCall.Attempt) { history.withLock { $0.attempts.append(attempt) } }

    func recordPermitWait(_ wait: Duration, at now: MonotonicInstant) {
        history.withLock { $0.permitWait += wait }
        tell(.permitGranted(waited: wait, at: now))
    }

    func recordRateLimitWait(_ wait: Duration, at now: MonotonicInstant) {
        history.withLock { $0.rateLimitWait += wait }
        tell(.rateLimitPassed(waited: wait, at: now))
    }

    func recordBackOff(_ wait: Duration) { history.withLock { $0.backOffWait += wait } }

    func record(_ redirect: HTTPCall.Redirect) { history.withLock { $0.redirects.append(redirect) } }

    /// The response to `request` is the call's.
    func arrived(at request: WireRequest) { history.withLock { $0.finalURL = request.url } }

    func tell(_ event: CallEvent) {
        for observation in observations { observation.record(event) }
    }

    var snapshot: History { history.withLock { $0 } }
    /// The time limit, for errors.
    var limit: String { deadline.map { "the \($0 - start)" } ?? "the time" }
    var target: String { "\(request.method.rawValue) \(url.withoutQuery)" }

    /// Tells the observers that it is over. Once, by whoever ends the call.
    func end(_ outcome: CallEnd.Outcome, at now: @autoclosure () -> MonotonicInstant) {
        request.progress?.end()
        guard !observations.isEmpty else { return }
        let history = snapshot
        let end = CallEnd(
            outcome: outcome, sendCount: history.nextOrdinal, redirectCount: history.redirects.count,
            permitWait: history.permitWait, rateLimitWait: history.rateLimitWait,
            backOffWait: history.backOffWait, resumeWait: history.attempts.reduce(.zero) { $0 + $1.resumeDelay },
            end: now())
        for observation in observations { observation.callDidEnd(end) }
    }
}
