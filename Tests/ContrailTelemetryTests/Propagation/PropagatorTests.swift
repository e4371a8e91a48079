import Testing
import Tracing

@testable import ContrailTelemetry

/// A format of one's own: the whole span in one header.
private struct OwnPropagator: Telemetry.Propagator {
    let fields = ["x-own"]

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let text = extractor.extract(key: "x-own", from: carrier) else { return }
        let found = Telemetry.TraceContextPropagator().extract(traceparent: "00-" + text)
        if let found { context.spanContext = found }
    }

    func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let span = context.spanContext else { return }
        injector.inject(String(span.traceparent.dropFirst(3)), forKey: "x-own", into: &carrier)
    }
}

@Suite("Propagators")
struct PropagatorTests {
    private func provider(_ propagator: any Telemetry.Propagator) -> Telemetry.TracerProvider {
        Telemetry.TracerProvider(resource: .init(), processors: [], propagator: propagator)
    }

    @Test func aTracerUsesItsProvidersPropagator() {
        let tracer = provider(OwnPropagator()).tracer(name: "t")
        let span = tracer.startSpan("x", parent: nil)
        var headers: [String: String] = [:]
        tracer.inject(span.context, into: &headers, using: HeaderCarrier())
        #expect(headers == ["x-own": String(span.spanContext.traceparent.dropFirst(3))])
        var context = ServiceContext.topLevel
        tracer.extract(headers, into: &context, using: HeaderCarrier())
        #expect(context.spanContext?.spanID == span.spanContext.spanID)
    }

    @Test func theDefaultIsTraceContextAndBaggage() {
        let tracer = Telemetry.TracerProvider(resource: .init(), processors: []).tracer(name: "t")
        #expect(tracer.propagator.fields == ["traceparent", "tracestate", "baggage"])
        #expect(tracer.usesStandardPropagator)
        #expect(!provider(OwnPropagator()).tracer(name: "t").usesStandardPropagator)
    }

    @Test func aCompositesFieldsAreThoseOfAllEachOnce() {
        let composite = Telemetry.CompositePropagator(
            [Telemetry.B3Propagator(), Telemetry.TraceContextPropagator(), OwnPropagator(), Telemetry.B3Propagator()])
        #expect(composite.fields == ["b3", "traceparent", "tracestate", "x-own"])
        #expect(Telemetry.CompositePropagator.none.fields.isEmpty)
        #expect(
            Telemetry.B3Propagator(.multi).fields == ["x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags"])
        #expect(Telemetry.JaegerPropagator().fields == ["uber-trace-id"])
    }

    @Test func noneCarriesNothing() {
        let tracer = provider(Telemetry.CompositePropagator.none).tracer(name: "t")
        var headers: [String: String] = [:]
        tracer.inject(tracer.startSpan("x", parent: nil).context, into: &headers, using: HeaderCarrier())
        #expect(headers.isEmpty)
    }

    /// Every field that may be written is one that who uses the carrier again knows to remove.
    @Test(
        arguments: [
            Telemetry.TraceContextPropagator(), Telemetry.BaggagePropagator(), Telemetry.B3Propagator(.single),
            Telemetry.B3Propagator(.multi), Telemetry.JaegerPropagator(),
        ] as [any Telemetry.Propagator]) func writesNoFieldItDoesNotName(propagator: any Telemetry.Propagator)
    {
        for requested in [nil, .debug, .deferred, .accepted, .denied] as [Telemetry.RequestedSampling?] {
            var context = ServiceContext.topLevel
            context.spanContext = makeSpanContext(state: "a=1")
            context.requestedSampling = requested
            var headers: [String: String] = [:]
            propagator.inject(context, into: &headers, using: HeaderCarrier())
            #expect(Set(headers.keys).isSubset(of: propagator.fields))
        }
    }

    /// A list that a program put there by hand may be anything; a second header hidden in it, say.
    @Test(
        arguments: [
            ("a=1\r\nx-evil: 1", nil), ("nonsense", nil), ("a=1, b=2,", "a=1,b=2"), ("a=1,b=2", "a=1,b=2"), ("", nil),
        ] as [(String, String?)]) func onlyAValidTraceStateIsSent(list: String, sent: String?)
    {
        var context = ServiceContext.topLevel
        context.spanContext = makeSpanContext(state: list)
        var headers: [String: String] = [:]
        Telemetry.TraceContextPropagator().inject(context, into: &headers, using: HeaderCarrier())
        #expect(headers["tracestate"] == sent)
    }

    @Test func hostileHeadersNeverTrap() {
        var generator = SplitMix(state: 4)
        let seeds = [
            "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1-b7ad6b7169203331", "d",
            "0af7651916cd43dd8448eb211c80319c:b7ad6b7169203331:0:3", "%3A%zz%", "true", "k=v;p,a=%20", "",
        ]
        let names = [
            "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags", "uber-trace-id", "uberctx-a", "baggage",
        ]
        let propagator = Telemetry.CompositePropagator(
            [Telemetry.B3Propagator(), Telemetry.JaegerPropagator(), Telemetry.BaggagePropagator()])
        for _ in 0..<5000 {
            let fields = names.map { name -> Telemetry.HeaderList.Field in
                var bytes = Array((seeds.randomElement(using: &generator) ?? "").utf8)
                bytes = Array(bytes.prefix(Int.random(in: 0...70, using: &generator)))
                for _ in 0..<Int.random(in: 0...2, using: &generator) where !bytes.isEmpty {
                    bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
                }
                return (name, String(decoding: bytes, as: UTF8.self))
            }
            var context = ServiceContext.topLevel
            propagator.extract(fields, into: &context, using: Telemetry.HeaderList())
            var sent: [Telemetry.HeaderList.Field] = []
            propagator.inject(context, into: &sent, using: Telemetry.HeaderList())
            for (name, value) in sent {
                #expect((name + value).utf8.allSatisfy { $0 == 9 || (0x20...0x7E).contains($0) })
            }
        }
    }
}

@Suite("Carriers")
struct CarrierTests {
    @Test func headersOfOneNameAreJoinedWhateverTheirCase() {
        let fields: [Telemetry.HeaderList.Field] = [("TraceState", "a=1"), ("x", "y"), ("tracestate", "b=2")]
        let list = Telemetry.HeaderList()
        #expect(list.extract(key: "tracestate", from: fields) == "a=1,b=2")
        #expect(list.extract(key: "TRACESTATE", from: fields) == "a=1,b=2")
        #expect(list.extract(key: "tracestat", from: fields) == nil)
        #expect(list.keys(in: fields) == ["tracestate", "x"])
    }

    @Test func injectionReplacesEveryHeaderOfTheName() {
        var fields: [Telemetry.HeaderList.Field] = [("TraceParent", "old"), ("x", "y"), ("traceparent", "older")]
        Telemetry.HeaderList().inject("new", forKey: "traceparent", into: &fields)
        #expect(fields.map(\.name) == ["x", "traceparent"] && fields.map(\.value) == ["y", "new"])
    }

    @Test(arguments: [
        ("traceparent", "TRACEPARENT"), ("x-b3-traceid", "X_B3_TRACEID"), ("baggage", "BAGGAGE"), ("9lives", "_9LIVES"),
        ("a.b", "A_B"), ("ü", "__"), ("", ""),
    ]) func keysBecomeVariables(key: String, variable: String) {
        #expect(Telemetry.EnvironmentCarrier.variable(key) == variable)
    }

    @Test func aTraceGoesOnInAChildProcess() {
        let propagator = Telemetry.CompositePropagator.standard
        var context = ServiceContext.topLevel
        context.spanContext = makeSpanContext(state: "a=1")
        context.baggage = Telemetry.Baggage()
        context.baggage?["user"] = "ä"
        var environment = ["PATH": "/bin", "TRACEPARENT": "old"]
        propagator.inject(context, into: &environment, using: Telemetry.EnvironmentCarrier())
        #expect(
            environment == [
                "PATH": "/bin", "TRACEPARENT": makeSpanContext().traceparent, "TRACESTATE": "a=1",
                "BAGGAGE": "user=%C3%A4",
            ])
        var child = ServiceContext.topLevel
        propagator.extract(environment, into: &child, using: Telemetry.EnvironmentCarrier())
        #expect(child.spanContext == makeSpanContext(state: "a=1", isRemote: true))
        #expect(child.baggage?["user"] == "ä")
    }

    @Test func aZeroByteIsNoEnvironment() {
        var environment: [String: String] = [:]
        Telemetry.EnvironmentCarrier().inject("a\u{0}b", forKey: "k", into: &environment)
        #expect(environment.isEmpty)
    }
}
