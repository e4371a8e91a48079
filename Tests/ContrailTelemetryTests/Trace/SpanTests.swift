import ContrailBase
import ContrailTesting
import Testing
import Tracing

@testable import ContrailTelemetry

@Suite("Span")
struct SpanTests {
    @Test func endHandsOverWhatWasRecorded() throws {
        let fixture = Fixture()
        let link = Telemetry.SpanData.Link(context: makeSpanContext(), attributes: [.init("l", .int(1))])
        let span = fixture.tracer.startSpan(
            "GET", parent: makeSpanContext(isRemote: true), kind: .client, attributes: [.init("a", .int(1))],
            links: [link])
        span.setAttribute("b", .string("2"))
        span.setAttributes([.init("a", .int(3)), .init("c", .bool(true))])
        span.addEvent(.init(name: "e", nanoseconds: 5, attributes: [.init("f", .double(1))]))
        span.addLink(Telemetry.SpanData.Link(context: makeSpanContext([])))
        span.setStatus(.error("no"))
        span.operationName = "POST"
        span.end()
        let data = try #require(fixture.ended.first)
        #expect(data.context == span.spanContext)
        #expect(data.parentSpanID == makeSpanContext().spanID)
        #expect(data.parentIsRemote)
        #expect(data.name == "POST" && data.kind == .client && data.status == .error("no"))
        #expect(data.attributes == [.init("a", .int(3)), .init("b", .string("2")), .init("c", .bool(true))])
        #expect(data.events == [.init(name: "e", nanoseconds: 5, attributes: [.init("f", .double(1))])])
        #expect(data.links.map(\.context) == [makeSpanContext(), makeSpanContext([])])
        #expect(data.links.first?.attributes == [.init("l", .int(1))])
        #expect(data.scope == Telemetry.Scope(name: "test", version: "1"))
        #expect(fixture.ended.count == 1)
    }

    /// Zero, empty and any script are values like all others (OTel Common, "Attribute").
    @Test func emptyAndUnicodeValuesAreKept() {
        let fixture = Fixture()
        let attributes: [Telemetry.Attribute] = [
            .init("zero", .int(0)), .init("no", .bool(false)), .init("empty", .string("")), .init("none", .array([])),
            .init("bytes", .bytes([])), .init("map", .map([])), .init("ключ 鍵", .string("😀 e\u{301}")),
            .init("mixed", .array([.int(1), .string("a"), .bool(true)])),
        ]
        fixture.tracer.startSpan("名前", parent: nil, attributes: attributes).end()
        #expect(fixture.ended.first?.attributes == attributes)
        #expect(fixture.ended.first?.name == "名前")
    }

    @Test func endsOnce() {
        let fixture = Fixture()
        let span = fixture.tracer.startSpan("x", parent: nil)
        #expect(span.isRecording)
        span.end()
        span.end()
        span.end(atNanoseconds: .max)
        #expect(!span.isRecording)
        #expect(fixture.ended.count == 1)
    }

    @Test func nothingChangesAfterTheEnd() throws {
        let fixture = Fixture()
        let span = fixture.tracer.startSpan("x", parent: nil, attributes: [.init("a", .int(1))])
        span.end()
        span.operationName = "y"
        span.setAttribute("a", .int(2))
        span.attributes["b"] = "late"
        #expect(span.operationName == "x")
        #expect(span.attributes.get("a") == .int64(1))
        #expect(span.attributes.count == 1)
    }

    @Test func contextIsUsableAfterTheEnd() {
        let fixture = Fixture()
        let parent = fixture.tracer.startSpan("parent", parent: nil)
        parent.end()
        let child = fixture.tracer.startSpan("child", in: parent.context)
        #expect(child.parentSpanID == parent.spanContext.spanID)
        #expect(child.spanContext.traceID == parent.spanContext.traceID)
        #expect(child.isRecording)
    }

    @Test func durationsComeFromTheMonotonicClock() throws {
        let time = ManualTime()
        let fixture = Fixture(time: time)
        let start = UInt64(time.wallNanoseconds)
        let span = fixture.tracer.startSpan("x", parent: nil)
        time.advance(by: .milliseconds(5))
        time.moveWallClock(by: .seconds(-3600))
        span.end()
        let data = try #require(fixture.ended.first)
        #expect(data.startNanoseconds == start)
        #expect(data.endNanoseconds == start + 5_000_000)
    }

    @Test func givenTimesAreTakenAndTheEndIsNotBeforeTheStart() throws {
        let fixture = Fixture(time: ManualTime(wallNanoseconds: 500))
        fixture.tracer.startSpan("a", parent: nil, atNanoseconds: 100).end(atNanoseconds: 90)
        fixture.tracer.startSpan("b", parent: nil, atNanoseconds: 100).end(atNanoseconds: 200)
        fixture.tracer.startSpan("c", parent: nil, atNanoseconds: 100).end()
        #expect(fixture.ended.map(\.startNanoseconds) == [100, 100, 100])
        #expect(fixture.ended.map(\.endNanoseconds) == [100, 200, 500])
    }

    @Test func limitsAreKeptAndCounted() throws {
        var limits = Telemetry.SpanLimits()
        limits.attributes = 2
        limits.attributeValueLength = 3
        limits.attributesPerEvent = 1
        limits.attributesPerLink = 1
        let fixture = Fixture(limits: limits)
        let three = ["a", "b", "c"].map { Telemetry.Attribute($0, .string("long")) }
        let span = fixture.tracer.startSpan(
            "x", parent: nil, attributes: three, links: [.init(context: makeSpanContext(), attributes: three)])
        span.setAttribute("d", .int(1))
        span.addEvent(.init(name: "e", nanoseconds: 1, attributes: three))
        span.end()
        let data = try #require(fixture.ended.first)
        #expect(data.attributes == [.init("a", .string("lon")), .init("b", .string("lon"))])
        #expect(data.droppedAttributes == 2)
        #expect(data.events.first?.attributes == [.init("a", .string("lon"))])
        #expect(data.events.first?.droppedAttributes == 2)
        #expect(data.links.first?.droppedAttributes == 2)
    }

    @Test func aSpanThatNobodyEndedIsCountedNotExported() {
        let fixture = Fixture()
        do { _ = fixture.tracer.startSpan("x", parent: nil) }
        #expect(fixture.provider.abandonedSpans == 1)
        #expect(fixture.ended.isEmpty)
        fixture.tracer.startSpan("y", parent: nil).end()
        #expect(fixture.provider.abandonedSpans == 1)
    }

    @Test func manyThreadsMayWriteAtOnce() async throws {
        let fixture = Fixture()
        let span = fixture.tracer.startSpan("x", parent: nil)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    for round in 0..<200 {
                        span.setAttribute("k\(number)", .int(Int64(round)))
                        span.addEvent(.init(name: "e", nanoseconds: 1))
                    }
                    span.end()
                }
            }
        }
        let data = try #require(fixture.ended.first)
        #expect(fixture.ended.count == 1)
        #expect(data.attributes.count <= 8)
        #expect(data.events.count <= 128)
    }

    /// A task that starts its successor from inside its own span must not keep all its ancestors alive.
    @Test func anEndedSpanDoesNotKeepItsParentAlive() {
        let fixture = Fixture()
        var first: Telemetry.Span? = fixture.tracer.startSpan("first", parent: nil)
        weak let watched = first
        var values = first?.context ?? .topLevel
        values[OtherKey.self] = 7
        let second = fixture.tracer.startSpan("second", in: values)
        values = .topLevel
        first?.end()
        first = nil
        #expect(watched != nil)
        second.end()
        #expect(watched == nil)
        #expect(second.context[OtherKey.self] == 7)
        #expect(second.context.spanContext == second.spanContext)
    }
}

enum OtherKey: ServiceContextKey {
    typealias Value = Int
}
