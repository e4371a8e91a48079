import Contrail
import ContrailOTLP
import MicroKit

/// A batch of spans as bytes, through libprotobuf-c, and compressed. Per span.
enum EncodingCosts {
    private static let rounds = 20

    static func all() throws -> [(String, Double)] {
        let (spans, resource) = (
            Sample.batch, Telemetry.Resource(attributes: [.init("service.name", .string("bench"))])
        )
        let bytes = try OTLP.encode(spans, resource: resource)
        return [
            // So that the others are seen to write the same message.
            ("encoded bytes", Double(bytes.count)),
            ("encode, libprotobuf-c", each { try? OTLP.encode(spans, resource: resource) }),
            ("gzip", each { Gzip.compress(bytes) }),
        ]
    }

    private static func each<Result>(_ work: () -> Result) -> Double {
        Stopwatch.perUnit {
            for _ in 0..<rounds { keep(work()) }
            return rounds * Sample.batch.count
        }
    }
}
