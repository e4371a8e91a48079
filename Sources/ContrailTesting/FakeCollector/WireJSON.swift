import ContrailBase
import ContrailOTLP
import ContrailTelemetry

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Metrics and logs as OTLP's JSON has them: requests in either encoding are brought into it, then read by name.
enum WireJSON {
    static func metrics(_ protobuf: ByteChunk) -> [FakeCollector.ReceivedMetric] {
        (read(protobuf, .metrics, MetricsRequest.self)?.resourceMetrics ?? []).flatMap { group in
            (group.scopeMetrics ?? []).flatMap { scoped in
                (scoped.metrics ?? []).compactMap { metric in
                    metric.received(scoped.scope.scope(scoped.schemaUrl), group.resource.resource(group.schemaUrl))
                }
            }
        }
    }

    static func logs(_ protobuf: ByteChunk) -> [FakeCollector.ReceivedLog] {
        (read(protobuf, .logs, LogsRequest.self)?.resourceLogs ?? []).flatMap { group in
            (group.scopeLogs ?? []).flatMap { scoped in
                (scoped.logRecords ?? []).map { record in
                    record.received(scoped.scope.scope(scoped.schemaUrl), group.resource.resource(group.schemaUrl))
                }
            }
        }
    }

    private static func read<Request: Decodable>(
        _ protobuf: ByteChunk, _ signal: OTLP.Signal, _: Request.Type
    ) -> Request? {
        guard let json = try? OTLP.json(fromProtobuf: protobuf, signal) else { return nil }
        return try? JSONDecoder().decode(Request.self, from: Data(json))
    }

    // MARK: What every signal has

    /// A 64-bit number, which JSON has as a text.
    struct Number<Value: FixedWidthInteger & Sendable>: Decodable, Sendable {
        let value: Value

        init(from decoder: any Decoder) throws {
            value = Value(try decoder.singleValueContainer().decode(String.self)) ?? 0
        }
    }

    /// A floating-point number, or the name of one that JSON does not have.
    struct Real: Decodable, Sendable {
        let value: Double

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Double.self) {
                value = number
                return
            }
            switch try container.decode(String.self) {
            case "Infinity": value = .infinity
            case "-Infinity": value = -.infinity
            default: value = .nan
            }
        }
    }

    struct Value: Decodable, Sendable {
        struct List: Decodable, Sendable { var values: [Value]? }
        struct Map: Decodable, Sendable { var values: [Pair]? }

        var stringValue: String?
        var boolValue: Bool?
        var intValue: Number<Int64>?
        var doubleValue: Real?
        var bytesValue: Data?
        var arrayValue: List?
        var kvlistValue: Map?

        var value: Telemetry.AttributeValue? {
            if let stringValue { return .string(stringValue) }
            if let boolValue { return .bool(boolValue) }
            if let intValue { return .int(intValue.value) }
            if let doubleValue { return .double(doubleValue.value) }
            if let bytesValue { return .bytes(Array(bytesValue)) }
            if let arrayValue { return .array((arrayValue.values ?? []).compactMap(\.value)) }
            return kvlistValue.map { .map($0.values.attributes) }
        }
    }

    struct Pair: Decodable, Sendable {
        var key: String?
        var value: Value?
    }

    struct Scope: Decodable, Sendable {
        var name: String?
        var version: String?
        var attributes: [Pair]?
    }

    struct Resource: Decodable, Sendable { var attributes: [Pair]? }

    // MARK: Metrics

    private struct MetricsRequest: Decodable {
        struct Group: Decodable {
            var resource: Resource?
            var scopeMetrics: [Scoped]?
            var schemaUrl: String?
        }
        struct Scoped: Decodable {
            var scope: Scope?
            var metrics: [Metric]?
            var schemaUrl: String?
        }
        var resourceMetrics: [Group]?
    }

    struct Metric: Decodable {
        struct Points: Decodable {
            var dataPoints: [Point]?
            var aggregationTemporality: Int?
            var isMonotonic: Bool?
        }
        struct Point: Decodable {
            var attributes: [Pair]?
            var startTimeUnixNano: Number<UInt64>?
            var timeUnixNano: Number<UInt64>?
            var asDouble: Real?
            var asInt: Number<Int64>?
            var count: Number<UInt64>?
            var sum: Real?
            var bucketCounts: [Number<UInt64>]?
            var explicitBounds: [Real]?
        }

        var name: String?
        var description: String?
        var unit: String?
        var gauge: Points?
        var sum: Points?
        var histogram: Points?
        var exponentialHistogram: Points?
        var summary: Points?

        func received(
            _ scope: Telemetry.Scope, _ resource: Telemetry.Resource
        ) -> FakeCollector.ReceivedMetric? {
            let kinds: [(FakeCollector.ReceivedMetric.Kind, Points?)] = [
                (.gauge, gauge), (.sum, sum), (.histogram, histogram), (.exponentialHistogram, exponentialHistogram),
                (.summary, summary),
            ]
            for case (let kind, let points?) in kinds {
                return FakeCollector.ReceivedMetric(
                    name: name ?? "", description: description ?? "", unit: unit ?? "", kind: kind,
                    isMonotonic: points.isMonotonic ?? false,
                    temporality: points.aggregationTemporality.flatMap { [1: .delta, 2: .cumulative][$0] },
                    points: (points.dataPoints ?? []).map(\.received), scope: scope, resource: resource)
            }
            return nil
        }
    }

    // MARK: Logs

    private struct LogsRequest: Decodable {
        struct Group: Decodable {
            var resource: Resource?
            var scopeLogs: [Scoped]?
            var schemaUrl: String?
        }
        struct Scoped: Decodable {
            var scope: Scope?
            var logRecords: [Record]?
            var schemaUrl: String?
        }
        var resourceLogs: [Group]?
    }

    struct Record: Decodable {
        var timeUnixNano: Number<UInt64>?
        var observedTimeUnixNano: Number<UInt64>?
        var severityNumber: Int?
        var severityText: String?
        var body: Value?
        var attributes: [Pair]?
        var traceId: String?
        var spanId: String?
        var eventName: String?

        func received(_ scope: Telemetry.Scope, _ resource: Telemetry.Resource) -> FakeCollector.ReceivedLog {
            FakeCollector.ReceivedLog(
                body: body?.value, severity: severityNumber ?? 0, severityText: severityText ?? "",
                eventName: eventName ?? "", attributes: attributes.attributes, nanoseconds: timeUnixNano?.value ?? 0,
                observedNanoseconds: observedTimeUnixNano?.value ?? 0,
                traceID: traceId.flatMap { Telemetry.TraceID(hex: $0) },
                spanID: spanId.flatMap { Telemetry.SpanID(hex: $0) }, scope: scope, resource: resource)
        }
    }
}

extension WireJSON.Metric.Point {
    fileprivate var received: FakeCollector.ReceivedMetric.Point {
        FakeCollector.ReceivedMetric.Point(
            attributes: attributes.attributes, startNanoseconds: startTimeUnixNano?.value ?? 0,
            nanoseconds: timeUnixNano?.value ?? 0, value: asDouble?.value ?? asInt.map { Double($0.value) },
            count: count?.value, sum: sum?.value, bucketCounts: (bucketCounts ?? []).map(\.value),
            bounds: (explicitBounds ?? []).map(\.value))
    }
}

extension [WireJSON.Pair]? {
    fileprivate var attributes: [Telemetry.Attribute] {
        (self ?? []).map { Telemetry.Attribute($0.key ?? "", $0.value?.value ?? .string("")) }
    }
}

extension WireJSON.Scope? {
    fileprivate func scope(_ schemaURL: String?) -> Telemetry.Scope {
        Telemetry.Scope(
            name: self?.name ?? "", version: self?.version ?? "", schemaURL: schemaURL ?? "",
            attributes: (self?.attributes).attributes)
    }
}

extension WireJSON.Resource? {
    fileprivate func resource(_ schemaURL: String?) -> Telemetry.Resource {
        Telemetry.Resource(attributes: (self?.attributes).attributes, schemaURL: schemaURL ?? "")
    }
}
