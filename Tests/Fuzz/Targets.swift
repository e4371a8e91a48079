import ContrailBase
import ContrailCore
import ContrailOTLP
import ContrailTelemetry
import Tracing

/// What is fuzzed. Each takes any bytes; a trap, a read out of bounds or a broken promise is a finding.
enum Targets {
    static let all: [String: @Sendable ([UInt8]) -> Void] = [
        "decoder": decoder, "json": json, "gzip": gzip, "headers": headers, "environment": environment,
        "planted": planted,
    ]

    /// A fault that has to be found: a harness that sees nothing proves nothing.
    ///
    // SAFETY: none, on purpose: the memory is read after it was given back.
    private static let planted: @Sendable ([UInt8]) -> Void = { bytes in
        guard bytes.first == UInt8(ascii: "!") else { return }
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
        unsafe memory.initialize(repeating: 1, count: bytes.count)
        unsafe memory.deallocate()
        precondition(unsafe memory.pointee < 2)
    }

    /// Protobuf of every kind. What was read is written, and reads the same again.
    private static let decoder: @Sendable ([UInt8]) -> Void = { bytes in
        let bytes = ByteChunk(bytes)
        if let data = try? OTLP.decode(bytes) {
            for group in data.resourceSpans {
                guard let again = try? OTLP.encode(group.spans, resource: group.resource),
                    let read = try? OTLP.decode(again)
                else { fatalError("what was read cannot be written") }
                precondition(read.spanCount == group.spans.count, "spans were lost")
            }
        }
        for signal in OTLP.Signal.allCases {
            try? OTLP.check(bytes, signal)
            _ = try? OTLP.json(fromProtobuf: bytes, signal)
            _ = OTLP.unknownFields(bytes, signal)
        }
        _ = try? OTLP.TraceResponse(decoding: bytes)
        _ = try? OTLP.RPCStatus(decoding: bytes)
    }

    private static let json: @Sendable ([UInt8]) -> Void = { bytes in
        for signal in OTLP.Signal.allCases {
            guard let protobuf = try? OTLP.protobuf(fromJSON: ByteChunk(bytes), signal) else { continue }
            guard (try? OTLP.json(fromProtobuf: protobuf, signal)) != nil else {
                fatalError("what was read cannot be written")
            }
        }
    }

    private static let gzip: @Sendable ([UInt8]) -> Void = { bytes in
        if let plain = try? Gzip.expand(ByteChunk(bytes), maxBytes: 1 << 20) {
            guard let again = Gzip.compress(plain), (try? Gzip.expand(again, maxBytes: 1 << 20)) == plain else {
                fatalError("what was expanded does not compress")
            }
        }
    }

    /// The first byte chooses the name; lines are headers.
    private static let headers: @Sendable ([UInt8]) -> Void = { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let names = ["traceparent", "tracestate", "baggage", "b3", "x-b3-traceid", "x-b3-spanid", "uber-trace-id"]
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let fields: [Telemetry.HeaderList.Field] = zip(names, lines).map { ($0, String($1)) }
        let access = Telemetry.HeaderList()
        let propagators: [any Telemetry.Propagator] = [
            Telemetry.CompositePropagator.standard, Telemetry.B3Propagator(.single), Telemetry.B3Propagator(.multi),
            Telemetry.JaegerPropagator(),
        ]
        for propagator in propagators {
            var context = ServiceContext.topLevel
            propagator.extract(fields, into: &context, using: access)
            var out: [Telemetry.HeaderList.Field] = []
            propagator.inject(context, into: &out, using: access)
        }
        _ = RetryAfter.delay(text, wallNanoseconds: 1_700_000_000_000_000_000)
        _ = HTTPDate.seconds(text, now: 1_700_000_000)
    }

    /// Lines `NAME=value`, by the number of the name.
    private static let environment: @Sendable ([UInt8]) -> Void = { bytes in
        var variables: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            variables[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
        let environment = TelemetryEnvironment(variables)
        for warning in environment.warnings { precondition(!warning.contains("\n"), "a warning breaks the line") }
    }
}
