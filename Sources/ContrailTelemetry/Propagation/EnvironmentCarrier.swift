public import Tracing

extension Telemetry {
    /// Gives propagators access to environment variables, so that a trace goes on in the processes that a program starts:
    /// TRACEPARENT, TRACESTATE, BAGGAGE, … (OTel Context, "Environment Variables as Context Propagation Carriers").
    ///
    /// ```swift
    /// var environment = ProcessInfo.processInfo.environment
    /// propagator.inject(span.context, into: &environment, using: Telemetry.EnvironmentCarrier())
    /// ```
    public struct EnvironmentCarrier: Extractor, Injector {
        /// Makes the access. Free of cost.
        public init() {}

        /// The value of the variable that `key` becomes.
        public func extract(key: String, from environment: [String: String]) -> String? {
            environment[Self.variable(key)]
        }

        /// Replaces the value of the variable that `key` becomes. A value with a zero byte cannot be in an environment and is
        /// left out.
        public func inject(_ value: String, forKey key: String, into environment: inout [String: String]) {
            guard !value.utf8.contains(0) else { return }
            environment[Self.variable(key)] = value
        }

        /// Upper case; whatever is not a letter, a digit or `_` becomes `_`, and so does what a leading digit follows.
        static func variable(_ key: String) -> String {
            let bytes = key.utf8.map { byte -> UInt8 in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"): byte & ~0x20
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
                default: UInt8(ascii: "_")
                }
            }
            let startsWithDigit = bytes.first.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
            return (startsWithDigit ? "_" : "") + String(decoding: bytes, as: UTF8.self)
        }
    }
}
