import ContrailBase
import Logging

/// Notices a program that makes a client per request: each pays for a thread and for fresh connections.
final class ClientUsage: Sendable {
    private static let pattern = Locked(ClientPerRequestPattern())
    private let calls = Locked(0)

    func countCall(_ count: Int = 1) { calls.withLock { $0 += count } }

    deinit {
        let isSuspicious = Self.pattern.withLock { pattern in pattern.clientEnded(calls: calls.withLock { $0 }) }
        guard isSuspicious else { return }
        Logger.current.warning(
            "This program makes an HTTPClient per request. Make one and keep it, or use HTTPClient.shared: connections are kept in the client."
        )
    }
}

/// Decides when short-lived clients have become a habit. Pure.
struct ClientPerRequestPattern {
    private var shortLived = 0
    private var hasWarned = false

    /// This many clients with one call or none, without a busier one in between, are no accident.
    static let threshold = 16

    /// - Returns: true once, when it is time to warn.
    mutating func clientEnded(calls: Int) -> Bool {
        shortLived = calls <= 1 ? shortLived + 1 : 0
        guard shortLived >= Self.threshold, !hasWarned else { return false }
        hasWarned = true
        return true
    }
}
