// The batch that MicroProgram encodes, through SwiftProtobuf. One line of JSON: name to CPU nanoseconds per span.
import Foundation
import SwiftProtobuf

typealias Request = Opentelemetry_Proto_Collector_Trace_V1_ExportTraceServiceRequest
typealias Attribute = Opentelemetry_Proto_Common_V1_KeyValue

@main struct Encoding {
    private static let (batch, rounds) = (512, 20)
    private static let trace = Data([
        0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36,
    ])
    private static let span = Data([0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7])

    static func main() throws {
        let message = request()
        let whole = perSpan { try request().serializedBytes() as [UInt8] }
        let written = perSpan { try message.serializedBytes() as [UInt8] }
        let bytes: [UInt8] = try message.serializedBytes()
        print(
            "{\"encoded bytes\": \(bytes.count), \"encode, SwiftProtobuf\": \(whole), "
                + "\"encode, SwiftProtobuf, tree made before\": \(written)}")
    }

    private static func perSpan(_ encode: () throws -> [UInt8]) -> Double {
        Stopwatch.perUnit {
            for _ in 0..<rounds { keep(try? encode()) }
            return rounds * batch
        }
    }

    /// The tree is made of values as an SDK has them: keys and texts that exist already.
    private static func request() -> Request {
        .with { request in
            request.resourceSpans = [
                .with { group in
                    group.resource.attributes = [text("service.name", "bench")]
                    group.scopeSpans = [
                        .with { scope in
                            scope.scope.name = "bench"
                            scope.scope.version = "1"
                            scope.spans = (0..<batch).map(makeSpan)
                        }
                    ]
                }
            ]
        }
    }

    private static func makeSpan(_ index: Int) -> Opentelemetry_Proto_Trace_V1_Span {
        .with { message in
            message.traceID = trace
            message.spanID = span
            message.parentSpanID = span
            message.flags = 0x103
            message.name = "GET"
            message.kind = .client
            message.startTimeUnixNano = 1_790_000_000_000_000_000
            message.endTimeUnixNano = 1_790_000_000_004_000_000
            message.attributes = attributes(index)
            message.events = ["dns", "connect", "tls", "first byte"].map { name in
                .with {
                    $0.timeUnixNano = 1_790_000_000_001_000_000
                    $0.name = name
                }
            }
        }
    }

    private static func attributes(_ index: Int) -> [Attribute] {
        [
            text("http.request.method", "GET"),
            text("url.full", "https://api.example.com/v1/items/4711?expand=prices&page=3"),
            text("server.address", "api.example.com"), number("server.port", 443), text("url.scheme", "https"),
            text("network.protocol.version", "1.1"), text("network.peer.address", "192.0.2.17"),
            number("network.peer.port", 443), number("http.response.status_code", 200),
            number("http.request.resend_count", Int64(index)),
        ]
    }

    private static func text(_ key: String, _ value: String) -> Attribute {
        .with {
            $0.key = key
            $0.value.stringValue = value
        }
    }

    private static func number(_ key: String, _ value: Int64) -> Attribute {
        .with {
            $0.key = key
            $0.value.intValue = value
        }
    }
}
