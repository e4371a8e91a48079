public import ContrailBase
public import ContrailTelemetry
public import HTTPTypes

extension FakeCollector {
    /// A request as it came.
    public struct ReceivedRequest: Sendable {
        /// The method.
        public var method: String
        /// The path, without the query.
        public var path: String
        /// The header fields. Of a field that came more than once, the last.
        public var headers: HTTPFields
        /// The body, raw. Empty if it was larger than the limit.
        public var body: ByteChunk
        /// The status of the answer; `nil` if there was none.
        public var status: Int?
        /// The spans that were accepted.
        public var spans: [ReceivedSpan]
        /// The metrics that were accepted.
        public var metrics: [ReceivedMetric] = []
        /// The log records that were accepted.
        public var logs: [ReceivedLog] = []
        /// What was accepted although the specification forbids it.
        public var violations: [Violation] = []
    }

    /// A span as it was decoded, with what it came with.
    public struct ReceivedSpan: Sendable, Hashable {
        /// The span; it names its scope. Of the remote flags, the wire tells only the parent's.
        public var span: Telemetry.SpanData
        /// What produced it.
        public var resource: Telemetry.Resource

        /// The resource's `service.name`; `nil` if it has none.
        public var serviceName: String? {
            for attribute in resource.attributes where attribute.key == "service.name" {
                if case .string(let name) = attribute.value { return name }
            }
            return nil
        }

        /// The value of the span's attribute `key`; `nil` if it has none.
        public subscript(key: String) -> Telemetry.AttributeValue? {
            span.attributes.first { $0.key == key }?.value
        }
    }
}
