public import ContrailBase
import Synchronization

extension Telemetry {
    /// Makes the ids of traces and spans (OTel Trace SDK, "Id Generators"). Called from any thread, on the hot path.
    public protocol IDGenerator: Sendable {
        /// An id for a new trace.
        func makeTraceID() -> TraceID
        /// An id for a new span.
        func makeSpanID() -> SpanID
        /// True if at least the right-most 7 bytes of a trace id are random: root spans then carry the random flag
        /// (W3C Trace Context Level 2 §3.2.2.5.2).
        var makesRandomTraceIDs: Bool { get }
    }

    /// The default generator: pseudo-random ids without a lock and without a system call.
    ///
    /// A counter goes through a mixing function; where it starts and how far it steps is drawn once, so that two
    /// processes do not walk through the same sequence. The ids are unique, not secret: who sees some of them may
    /// guess others. Cost: one atomic addition and a few multiplications per id.
    public final class RandomIDGenerator: IDGenerator {
        private let counter = Atomic<UInt64>(0)
        private let spanKey: Key
        private let traceHighKey: Key
        private let traceLowKey: Key

        /// Makes a generator. Draws six numbers from `random` now, and none later.
        public init(random: any RandomSource = SystemRandom()) {
            spanKey = Key(random)
            traceHighKey = Key(random)
            traceLowKey = Key(random)
        }

        /// Always true.
        public var makesRandomTraceIDs: Bool { true }

        /// 128 pseudo-random bits.
        public func makeTraceID() -> TraceID {
            let position = nextPosition()
            return TraceID(bits: traceHighKey.bits(at: position), traceLowKey.bits(at: position))
        }

        /// 64 pseudo-random bits.
        public func makeSpanID() -> SpanID { SpanID(bits: spanKey.bits(at: nextPosition())) }

        private func nextPosition() -> UInt64 { counter.wrappingAdd(1, ordering: .relaxed).newValue }

        /// One sequence of 2^64 different numbers, out of 2^127.
        private struct Key: Sendable {
            let start: UInt64
            let step: UInt64

            init(_ random: any RandomSource) {
                start = random.next()
                // Odd, so that the steps visit every number before the first one comes again.
                step = random.next() | 1
            }

            /// The finalizer of SplitMix64: a bijection in which each input bit flips about half of the output bits.
            func bits(at position: UInt64) -> UInt64 {
                var bits = start &+ position &* step
                bits = (bits ^ (bits &>> 30)) &* 0xBF58_476D_1CE4_E5B9
                bits = (bits ^ (bits &>> 27)) &* 0x94D0_49BB_1331_11EB
                return bits ^ (bits &>> 31)
            }
        }
    }
}
