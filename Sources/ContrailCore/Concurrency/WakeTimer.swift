import ContrailBase

/// One timer task for all who wait at one place, and none while nobody does.
final class WakeTimer: Sendable {
    private struct Armed {
        let due: MonotonicInstant
        let task: Task<Void, Never>
    }

    private struct State {
        var armed: Armed?
        var isEnded = false
    }

    private let state = Locked(State())
    private let time: any TimeSource

    init(time: any TimeSource) { self.time = time }

    deinit { state.withLock { $0.armed }?.task.cancel() }

    /// Calls `fire` once at `due`, unless it is armed for an earlier moment already; then it is called at that one, and
    /// whoever is called arms the timer again.
    func arm(for due: MonotonicInstant?, _ fire: @escaping @Sendable () -> Void) {
        guard let due else { return }
        let outdated = state.withLock { state -> Task<Void, Never>? in
            if state.isEnded { return nil }
            if let armed = state.armed, armed.due <= due { return nil }
            defer { state.armed = Armed(due: due, task: makeTask(due, fire)) }
            return state.armed?.task
        }
        outdated?.cancel()
    }

    /// Fires no more.
    func end() {
        let task = state.withLock { state in
            defer { state.armed = nil }
            state.isEnded = true
            return state.armed?.task
        }
        task?.cancel()
    }

    private func makeTask(_ due: MonotonicInstant, _ fire: @escaping @Sendable () -> Void) -> Task<Void, Never> {
        Task { [weak self, time] in
            do { try await time.sleep(until: due) } catch { return }
            self?.disarm(due)
            fire()
        }
    }

    private func disarm(_ due: MonotonicInstant) {
        state.withLock { state in if state.armed?.due == due { state.armed = nil } }
    }
}
