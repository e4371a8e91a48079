import ContrailBase

/// The right to have one send under way. Given back exactly once: after the send, or when its streamed body ends.
final class Permit: Sendable {
    private let admission: Admission
    let origin: Origin
    private let state = Locked(State())

    private struct State {
        /// The send that it was granted for is not over.
        var isGranted = true
        /// Bodies that are still on the wire; a step of the user's may have sent more than once.
        var holds = 0

        mutating func end(_ change: (inout State) -> Void) -> Bool {
            let wasInUse = isGranted || holds > 0
            change(&self)
            return wasInUse && !isGranted && holds == 0
        }
    }

    init(admission: Admission, origin: Origin) {
        self.admission = admission
        self.origin = origin
    }

    /// A body that is still on the wire keeps the permit. Undone by ``endHold()``.
    func hold() { state.withLock { $0.holds += 1 } }

    /// The send is over; gives the permit back unless a body holds it.
    func endUnlessHeld() { release { $0.isGranted = false } }

    /// A body is over.
    func endHold() { release { $0.holds -= 1 } }

    private func release(_ change: (inout State) -> Void) {
        if state.withLock({ $0.end(change) }) { admission.release(origin) }
    }
}
