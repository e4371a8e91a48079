package import ContrailTelemetry

/// The OpenTelemetry protocol over HTTP with binary protobuf: the sender's and the receiver's half.
package enum OTLP {
    /// The spans of one resource; each span names its scope.
    package struct ResourceSpans: Sendable, Equatable {
        package var resource: Telemetry.Resource
        package var spans: [Telemetry.SpanData]

        package init(resource: Telemetry.Resource, spans: [Telemetry.SpanData]) {
            self.resource = resource
            self.spans = spans
        }
    }

    /// What one request carried.
    package struct TraceData: Sendable, Equatable {
        package var resourceSpans: [ResourceSpans] = []
        /// Spans that are no spans: an id of a wrong length, or all zero.
        package var rejectedSpans = 0
        /// Why the first of them was rejected, or what else was odd; empty if nothing was.
        package var remark = ""

        package init() {}

        /// The number of spans that are fine.
        package var spanCount: Int { resourceSpans.reduce(0) { $0 + $1.spans.count } }
    }

    /// Why bytes are not the message they should be.
    package enum DecodingError: Error, Sendable, Equatable, CustomStringConvertible {
        /// Not protobuf, or not of this type.
        case malformed(String)
        /// More messages inside one another than the limit.
        case tooDeep(limit: Int)
        /// More bytes on the wire, or in memory when unpacked, than the limit.
        case tooLarge(limitBytes: Int)

        package var description: String {
            switch self {
            case .malformed(let what): "not a valid message: \(what)"
            case .tooDeep(let limit): "more than \(limit) messages inside one another"
            case .tooLarge(let limit): "larger than the limit of \(limit) bytes"
            }
        }
    }

    /// A message was not made: it would have `bytes` bytes, more than `limitBytes`.
    package struct TooLargeError: Error, Sendable, Equatable {
        package var bytes: Int
        package var limitBytes: Int

        package init(bytes: Int, limitBytes: Int) {
            self.bytes = bytes
            self.limitBytes = limitBytes
        }
    }

    /// How much a receiver takes.
    package struct DecodingLimits: Sendable, Equatable {
        /// Bytes on the wire. Default 64 MiB, as senders limit themselves to.
        package var maxBytes = 64 << 20
        /// Messages inside one another. Default 200: attribute values may nest 64 deep (OTel Common, "Attribute
        /// Limits"), a map in a map is three messages, and what is around them is less than eight.
        package var maxDepth = 200
        /// Memory while unpacking. Default 512 MiB. An empty message takes two bytes on the wire and a hundred in
        /// memory.
        package var maxMemoryBytes = 512 << 20

        package init() {}
    }
}
