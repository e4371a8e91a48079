public import HTTPTypes

extension FakeCollector {
    /// How requests are answered.
    public struct Behavior: Sendable {
        enum Kind: Sendable {
            case accept(after: Duration)
            case fail(status: Int, headers: HTTPFields)
            case acceptPartly(rejected: Int64, message: String)
            case refuse
            case hang
        }

        let kind: Kind

        /// As OTLP says: 200 for what is fine. The default.
        public static let accept = Behavior(kind: .accept(after: .zero))

        /// With this status and these additional header fields, and an OTLP error body. Spans are not kept.
        public static func fail(status: Int, headers: HTTPFields = [:]) -> Behavior {
            Behavior(kind: .fail(status: status, headers: headers))
        }

        /// As OTLP says, but the answer tells that `rejected` spans (points, records) were refused for good, and why. With 0
        /// and a message it is a warning. Nothing is left out of what is kept.
        public static func partialSuccess(rejected: Int, message: String = "") -> Behavior {
            Behavior(kind: .acceptPartly(rejected: Int64(rejected), message: message))
        }

        /// As OTLP says, but only after `duration`.
        public static func delay(_ duration: Duration) -> Behavior { Behavior(kind: .accept(after: duration)) }

        /// Reads the request and closes the connection without an answer. Spans are not kept.
        public static let refuse = Behavior(kind: .refuse)

        /// Reads the request and never answers; the connection stays open until the client or ``FakeCollector/stop()``
        /// ends it. Spans are not kept.
        public static let hang = Behavior(kind: .hang)
    }
}

extension FakeCollector {
    /// Answers the next requests as the script says, one after the other; those behind its end are accepted.
    ///
    /// ```swift
    /// collector.follow([.fail(status: 503), .refuse, .delay(.seconds(1))])
    /// ```
    public func follow(_ script: [Behavior]) { inbox.follow(script) }
}
