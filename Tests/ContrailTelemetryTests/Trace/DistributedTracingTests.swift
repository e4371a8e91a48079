import Testing
import Tracing

@testable import ContrailTelemetry

private struct Boom: Error, CustomStringConvertible {
    var description: String { "it went wrong" }
}

/// The tracer behind swift-distributed-tracing, as a library uses it that knows nothing of us.
@Suite("swift-distributed-tracing", .timeLimit(.minutes(1)))
struct DistributedTracingTests {
    private let fixture = Fixture()

    @Test func withSpanNests() throws {
        withTracer(fixture.tracer) {
            withSpan("outer", ofKind: .server) { _ in
                withSpan("inner") { span in span.attributes["k"] = "v" }
            }
        }
        let (inner, outer) = try (#require(fixture.ended.first), #require(fixture.ended.last))
        #expect([inner.name, outer.name] == ["inner", "outer"])
        #expect(inner.parentSpanID == outer.context.spanID)
        #expect(inner.context.traceID == outer.context.traceID)
        #expect(outer.parentSpanID == nil)
        #expect(outer.kind == .server)
        #expect(inner.attributes == [.init("k", .string("v"))])
        #expect(inner.endNanoseconds >= inner.startNanoseconds)
    }

    @Test func tasksInheritTheSpan() async throws {
        let fixture = fixture
        await withTracer(fixture.tracer) {
            await withSpan("outer") { _ in
                await withTaskGroup(of: Void.self) { group in
                    for number in 0..<10 { group.addTask { withSpan("child \(number)") { _ in } } }
                }
            }
        }
        let outer = try #require(fixture.ended.last)
        #expect(fixture.ended.count == 11)
        #expect(fixture.ended.dropLast().allSatisfy { $0.parentSpanID == outer.context.spanID })
    }

    @Test func anErrorIsRecordedAndMarks() async throws {
        let fixture = fixture
        await #expect(throws: Boom.self) {
            try await withTracer(fixture.tracer) {
                try await withSpan("x") { _ in
                    await Task.yield()
                    throw Boom()
                }
            }
        }
        let span = try #require(fixture.ended.first)
        #expect(span.status == .error(""))
        let event = try #require(span.events.first)
        #expect(event.name == "exception")
        #expect(event.attributes.first { $0.key == "exception.message" }?.value == .string("it went wrong"))
        guard case .string(let type) = event.attributes.first(where: { $0.key == "exception.type" })?.value else {
            Issue.record("no exception.type")
            return
        }
        #expect(type.hasSuffix("Boom"))
    }

    @Test func attributesOfRecordErrorWin() throws {
        let span = fixture.tracer.startSpan("x", parent: nil)
        span.recordError(Boom(), attributes: ["exception.message": "redacted", "more": 1])
        span.end()
        let event = try #require(fixture.ended.first?.events.first)
        #expect(event.attributes.count == 3)
        #expect(event.attributes.first { $0.key == "exception.message" }?.value == .string("redacted"))
        #expect(fixture.ended.first?.status == .unset)
    }

    @Test func everythingTheProtocolOffersArrives() throws {
        let span: any Tracing.Span = fixture.tracer.startSpan("x", context: .topLevel, ofKind: .producer)
        span.updateAttributes { attributes in
            attributes["s"] = "text"
            attributes["i"] = 42
            attributes["a"] = [1, 2]
        }
        span.attributes["b"] = true
        span.addEvent(SpanEvent(name: "e", attributes: ["k": "v"]))
        span.addEvent("literal")
        var linked = ServiceContext.topLevel
        linked.spanContext = makeSpanContext()
        span.addLink(SpanLink(context: linked, attributes: ["l": 1]))
        span.addLink(SpanLink(context: .topLevel, attributes: [:]))
        span.setStatus(SpanStatus(code: .error, message: "bad"))
        span.setStatus(SpanStatus(code: .ok))
        span.operationName = "y"
        span.end()
        let data = try #require(fixture.ended.first)
        let attributes = Dictionary(uniqueKeysWithValues: data.attributes.map { ($0.key, $0.value) })
        #expect(
            attributes == [
                "s": .string("text"), "i": .int(42), "a": .array([.int(1), .int(2)]), "b": .bool(true),
            ])
        #expect(data.events.map(\.name) == ["e", "literal"])
        #expect(data.events.first?.attributes == [.init("k", .string("v"))])
        #expect(data.links == [.init(context: makeSpanContext(), attributes: [.init("l", .int(1))])])
        #expect(data.status == .ok)
        #expect(data.name == "y" && data.kind == .producer)
    }

    @Test(arguments: [SpanKind.server, .client, .producer, .consumer, .internal]) func kindsAreKept(kind: SpanKind) {
        fixture.tracer.startSpan("x", context: .topLevel, ofKind: kind).end()
        #expect(fixture.ended.first?.kind == Telemetry.SpanData.Kind(kind))
    }

    @Test func instantsAreTaken() throws {
        let start = DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: 100)
        let end = DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: 300)
        fixture.tracer.startSpan("x", context: .topLevel, at: start).end(at: end)
        let data = try #require(fixture.ended.first)
        #expect(data.startNanoseconds == 100 && data.endNanoseconds == 300)
    }

    @Test func activeSpanIsTheRecordingOne() {
        let tracer = fixture.tracer
        let span = tracer.startSpan("x", parent: nil)
        #expect(tracer.activeSpan(identifiedBy: span.context) === span)
        #expect(tracer.activeSpan(identifiedBy: .topLevel) == nil)
        var remote = ServiceContext.topLevel
        remote.spanContext = makeSpanContext()
        #expect(tracer.activeSpan(identifiedBy: remote) == nil)
        let context = span.context
        span.end()
        #expect(tracer.activeSpan(identifiedBy: context) == nil)
        #expect(context.spanContext == span.spanContext)
    }

    /// The context of swift-distributed-tracing: values with keys of one's own, attached for the length of a scope.
    @Test func aContextHoldsForItsScope() {
        #expect(ServiceContext.current == nil)
        var outer = ServiceContext.topLevel
        outer[OtherKey.self] = 1
        ServiceContext.withValue(outer) {
            var inner = outer
            inner[OtherKey.self] = 2
            ServiceContext.withValue(inner) { #expect(ServiceContext.current?[OtherKey.self] == 2) }
            #expect(ServiceContext.current?[OtherKey.self] == 1)
            withTracer(fixture.tracer) {
                withSpan("x") { span in
                    #expect(ServiceContext.current?[OtherKey.self] == 1)
                    #expect(ServiceContext.current?.spanContext == span.context.spanContext)
                }
            }
            #expect(ServiceContext.current?.spanContext == nil)
        }
        #expect(ServiceContext.current == nil)
    }

    /// There is no null: its behaviour is undefined in the specification (OTel Common, "Attribute"); here it takes away.
    @Test func nilTakesAnAttributeAway() {
        let span = fixture.tracer.startSpan("x", parent: nil, attributes: [.init("a", .int(1)), .init("b", .int(2))])
        span.attributes["a"] = nil as Int?
        span.attributes["c"] = nil as String?
        span.end()
        #expect(fixture.ended.first?.attributes == [.init("b", .int(2))])
    }

    @Test func theServersSpanIsTheChildOfTheClients() throws {
        withTracer(fixture.tracer) {
            let instrument = InstrumentationSystem.instrument
            var headers: [String: String] = [:]
            withSpan("client", ofKind: .client) { span in
                instrument.inject(span.context, into: &headers, using: HeaderCarrier())
            }
            var context = ServiceContext.topLevel
            instrument.extract(headers, into: &context, using: HeaderCarrier())
            withSpan("server", context: context, ofKind: .server) { _ in }
        }
        let (client, server) = try (#require(fixture.ended.first), #require(fixture.ended.last))
        #expect(server.context.traceID == client.context.traceID)
        #expect(server.parentSpanID == client.context.spanID)
        #expect(server.parentIsRemote)
    }

    @Test func aSampledOutSpanStillCarriesTheTraceOn() {
        let fixture = Fixture(sampler: Telemetry.AlwaysOffSampler())
        withTracer(fixture.tracer) {
            withSpan("outer") { outer in
                withSpan("inner") { inner in
                    #expect(inner.context.spanContext?.traceID == outer.context.spanContext?.traceID)
                    #expect(inner.context.spanContext?.spanID != outer.context.spanContext?.spanID)
                }
            }
        }
        #expect(fixture.ended.isEmpty)
    }
}
