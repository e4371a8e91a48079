import ContrailTesting
import Synchronization

/// The limit of a stand-in service, really enforced: so much per second, and a second's worth at once.
package final class Quota: Sendable {
    private struct State {
        var left: Double
        var counted: ContinuousClock.Instant
        var taken = 0
        var refused = 0
    }

    private let perSecond: Double
    private let burst: Double
    private let state: Mutex<State>

    /// - Parameter burst: how much at once after a pause; `nil`: a second's worth.
    package init(perSecond: Int, burst: Int? = nil) {
        self.perSecond = Double(perSecond)
        self.burst = Double(burst ?? perSecond)
        state = Mutex(State(left: self.burst, counted: .now))
    }

    /// Takes `amount`; if that is not there, takes nothing and returns when all of it will be back.
    package func take(_ amount: Int) -> Duration? {
        state.withLock { state in
            let now = ContinuousClock.now
            state.left = min(burst, state.left + (now - state.counted) / .seconds(1) * perSecond)
            state.counted = now
            guard state.left >= Double(amount) else {
                state.refused += 1
                return .seconds((burst - state.left) / perSecond)
            }
            state.left -= Double(amount)
            state.taken += amount
            return nil
        }
    }

    /// As if somebody else had taken everything.
    package func useUp() { state.withLock { $0.left = 0 } }

    /// How much was taken so far.
    package var taken: Int { state.withLock { $0.taken } }
    /// How many were refused so far.
    package var refused: Int { state.withLock { $0.refused } }
}

extension FaultServer.Exchange {
    /// 429: come back after `wait`, in whole seconds, as most services say it.
    package func refuse(for wait: Duration) {
        respond(429, headers: "Retry-After: \(Int((wait / .seconds(1)).rounded(.up)))\r\n")
    }
}
