import Foundation
import Testing
import Tracing

@testable import ContrailTelemetry

/// Tests/Vectors/propagation.json: what goes on of the headers that came, for any language to read.
@Suite("Propagation vectors")
struct PropagationVectorTests {
    struct Table: Decodable {
        let cases: [Case]
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let propagator: String
        let `in`: [[String]]
        let out: [String: String]

        var testDescription: String { name }
        var fields: [Telemetry.HeaderList.Field] { `in`.map { ($0.first ?? "", $0.last ?? "") } }
    }

    static let cases: [Case] = vectors("propagation.json", as: Table.self)?.cases ?? []

    static func propagator(_ names: String) -> any Telemetry.Propagator {
        Telemetry.CompositePropagator(
            names.split(separator: ",").compactMap { name -> (any Telemetry.Propagator)? in
                switch name {
                case "tracecontext": Telemetry.TraceContextPropagator()
                case "baggage": Telemetry.BaggagePropagator()
                case "b3": Telemetry.B3Propagator(.single)
                case "b3multi": Telemetry.B3Propagator(.multi)
                case "jaeger": Telemetry.JaegerPropagator()
                default: nil
                }
            })
    }

    @Test(arguments: cases) func whatCameGoesOn(vector: Case) {
        let propagator = Self.propagator(vector.propagator)
        var context = ServiceContext.topLevel
        propagator.extract(vector.fields, into: &context, using: Telemetry.HeaderList())
        var sent: [Telemetry.HeaderList.Field] = []
        propagator.inject(context, into: &sent, using: Telemetry.HeaderList())
        let names = sent.map { $0.name.lowercased() }
        #expect(Set(names).count == names.count, "\(vector.name): a header twice")
        #expect(Dictionary(zip(names, sent.map(\.value))) { $1 } == vector.out, "\(vector.name)")
        #expect(context.spanContext?.isRemote ?? true)
    }

    /// What we send we read again as the same.
    @Test(arguments: cases) func whatGoesOnIsStable(vector: Case) {
        let propagator = Self.propagator(vector.propagator)
        var context = ServiceContext.topLevel
        propagator.extract(vector.out.map { ($0.key, $0.value) }, into: &context, using: Telemetry.HeaderList())
        var sent: [Telemetry.HeaderList.Field] = []
        propagator.inject(context, into: &sent, using: Telemetry.HeaderList())
        #expect(Dictionary(sent.map { ($0.name, $0.value) }) { $1 } == vector.out, "\(vector.name)")
    }

    @Test func theTableIsThere() { #expect(Self.cases.count >= 150) }
}

/// A file of Tests/Vectors; `nil` if it is not there or not of this form.
func vectors<Table: Decodable>(_ name: String, as type: Table.Type) -> Table? {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = tests.deletingLastPathComponent().appendingPathComponent("Vectors/\(name)")
    guard let data = try? Data(contentsOf: file) else { return nil }
    return try? JSONDecoder().decode(type, from: data)
}
