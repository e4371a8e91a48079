import Testing
import Tracing

@testable import ContrailTelemetry

@Suite("SpanRecord")
struct SpanRecordTests {
    typealias Status = Telemetry.SpanData.Status
    private let limits = Telemetry.SpanLimits()

    /// What is said, one after the other, and what is left (OTel Trace API, "Set Status": Ok > Error > Unset).
    static let statuses: [([Status], Status)] = [
        ([], .unset), ([.unset], .unset), ([.ok], .ok), ([.error("a")], .error("a")),
        ([.error("a"), .ok], .ok), ([.ok, .error("a")], .ok), ([.ok, .unset], .ok),
        ([.error("a"), .unset], .error("a")), ([.error("a"), .error("b")], .error("b")),
        ([.error("a"), .ok, .error("b"), .unset], .ok),
    ]

    @Test(arguments: statuses) func statusOnlyGetsStronger(said: [Status], left: Status) {
        var record = SpanRecord(name: "x")
        for status in said { record.setStatus(status) }
        #expect(record.status == left)
    }

    /// As many attributes as at the start, and others: somebody replaced them all.
    @Test func whatIsAppendedReplacesWhatTookThePlaceOfAnother() {
        let start = AttributeList(unique: [.init("start", .int(1))], maxCount: 128, maxLength: nil)
        var record = SpanRecord(name: "x", attributes: start)
        record.replaceAttributes(["error.type": "mine"], limits: limits)
        record.appendAttributes(after: 1, limits: limits) { $0.append(.init("error.type", .string("500"))) }
        #expect(record.attributes(limits: limits).elements == [.init("error.type", .string("500"))])
    }

    @Test func nothingChangesAfterTheEnd() {
        var record = SpanRecord(name: "x")
        record.setAttribute("a", .int(1), limits: limits)
        let first = record.end(atNanoseconds: 7)
        record.setAttribute("b", .int(1), limits: limits)
        record.replaceAttributes(["c": 1], limits: limits)
        record.addEvent(.init(name: "e", nanoseconds: 1), limits: limits)
        record.addLink(.init(context: makeSpanContext()), limits: limits)
        record.setStatus(.ok)
        let second = record.end(atNanoseconds: 8)
        #expect(first && !second)
        #expect(record.endNanoseconds == 7)
        #expect(record.attributes(limits: limits).elements == [.init("a", .int(1))])
        #expect(record.events.isEmpty && record.links.isEmpty && record.status == .unset)
    }

    @Test func eventsAndLinksBeyondTheLimitAreCounted() {
        var limits = Telemetry.SpanLimits()
        (limits.events, limits.links) = (2, 1)
        var record = SpanRecord(name: "x")
        for number in 0..<5 {
            record.addEvent(.init(name: "\(number)", nanoseconds: 1), limits: limits)
            record.addLink(.init(context: makeSpanContext()), limits: limits)
        }
        #expect(record.events.map(\.name) == ["0", "1"])
        #expect(record.droppedEvents == 3)
        #expect(record.links.count == 1)
        #expect(record.droppedLinks == 4)
    }

    @Test func viewAndListAreTheSameAttributes() {
        var record = SpanRecord(name: "x")
        record.setAttribute("a", .int(1), limits: limits)
        var view = record.attributesView()
        #expect(view.get("a") == .int64(1))
        view.set("b", value: "two")
        record.replaceAttributes(view, limits: limits)
        record.setAttribute("c", .bool(true), limits: limits)
        #expect(
            record.attributes(limits: limits).elements == [
                .init("a", .int(1)), .init("b", .string("two")), .init("c", .bool(true)),
            ])
        #expect(record.attributesView().count == 3)
    }

    @Test func aKeyThatIsMissingFromTheViewIsGone() {
        var record = SpanRecord(name: "x")
        record.setAttribute("a", .int(1), limits: limits)
        record.setAttribute("b", .int(2), limits: limits)
        var view = record.attributesView()
        view.set("a", value: nil)
        record.replaceAttributes(view, limits: limits)
        #expect(record.attributes(limits: limits).elements == [.init("b", .int(2))])
    }

    @Test func theLimitKeepsTheKeysThatCameFirst() {
        var limits = Telemetry.SpanLimits()
        limits.attributes = 2
        var record = SpanRecord(name: "x")
        for number in 0..<5 {
            var view = record.attributesView()
            view.set("k\(number)", value: .int64(Int64(number)))
            record.replaceAttributes(view, limits: limits)
        }
        let list = record.attributes(limits: limits)
        #expect(Set(list.elements) == [.init("k0", .int(0)), .init("k1", .int(1))])
        #expect(list.dropped == 3)
    }
}
