import ContrailBase
import Dispatch

/// Opens once; threads and tasks wait for it. Waiting is bounded by the test's time limit.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Locked(State())
    // No descriptor: the tests count those.
    private let semaphore = DispatchSemaphore(value: 0)

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
        semaphore.signal()
    }

    /// Blocks a thread of the test server, for 30 s at most.
    func wait() {
        if semaphore.wait(timeout: .now() + 30) == .success { semaphore.signal() }
    }

    /// Suspends a task.
    func opened() async {
        await withCheckedContinuation { waiter in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(waiter) }
                return state.isOpen
            }
            if isOpen { waiter.resume() }
        }
    }
}
