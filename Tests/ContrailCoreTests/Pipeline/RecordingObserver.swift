import ContrailBase
import HTTPTypes

@testable import ContrailCore

/// Keeps what observers are told.
final class RecordingObserver: CallObserver {
    struct Call: Sendable {
        let start: CallStart
        let end: CallEnd
        let sends: [(start: SendStart, end: SendEnd)]
        let events: [CallEvent]

        var sendTime: Duration { sends.reduce(.zero) { $0 + ($1.end.end - $1.start.start) } }
    }

    private let ended = Locked<[Call]>([])
    var calls: [Call] { ended.withLock { $0 } }

    func callWillStart(_ call: CallStart) -> (any CallObservation)? {
        Observation(start: call) { [self] call in ended.withLock { $0.append(call) } }
    }

    private final class Observation: CallObservation {
        private struct State {
            var sends: [(start: SendStart, end: SendEnd)] = []
            var events: [CallEvent] = []
        }

        private let start: CallStart
        private let onEnd: @Sendable (Call) -> Void
        private let state = Locked(State())

        init(start: CallStart, onEnd: @escaping @Sendable (Call) -> Void) {
            self.start = start
            self.onEnd = onEnd
        }

        func sendWillStart(_ send: SendStart, headers: inout HTTPFields) -> (any SendObservation)? {
            SendWatch { [self] end in state.withLock { $0.sends.append((send, end)) } }
        }

        func record(_ event: CallEvent) { state.withLock { $0.events.append(event) } }

        func callDidEnd(_ end: CallEnd) {
            let (sends, events) = state.withLock { ($0.sends, $0.events) }
            onEnd(Call(start: start, end: end, sends: sends, events: events))
        }

        func withContext<Result>(_ operation: () async throws -> Result) async rethrows -> Result {
            try await operation()
        }
    }

    private final class SendWatch: SendObservation {
        private let onEnd: @Sendable (SendEnd) -> Void
        init(onEnd: @escaping @Sendable (SendEnd) -> Void) { self.onEnd = onEnd }
        func sendDidEnd(_ end: SendEnd) { onEnd(end) }
    }
}
