import ContrailBase

/// The right to have one send under way. Given back exactly once: after the send, or when its streamed body ends.
final class Permit: Sendable {
    private let admission: Admission
    private let origin: Origin
    private let state = Locked(State.granted)

    private enum State {
        case granted
        case heldByBody
        case released
    }

    init(admission: Admission, origin: Origin) {
        self.admission = admission
        self.origin = origin
    }

    /// A body that is still on the wire keeps the permit.
    func hold() { state.withLock { if $0 == .granted { $0 = .heldByBody } } }

    /// The send is over; gives the permit back unless a body holds it.
    func endUnlessHeld() { release(from: .granted) }

    /// The body is over.
    func endHold() { release(from: .heldByBody) }

    private func release(from expected: State) {
        let isOurs = state.withLock { state in
            guard state == expected else { return false }
            state = .released
            return true
        }
        if isOurs { admission.release(origin) }
    }
}
