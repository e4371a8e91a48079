import Testing

@testable import ContrailTelemetry

@Suite("AttributeList")
struct AttributeListTests {
    private func list(_ attributes: [Telemetry.Attribute], maxCount: Int = 128, maxLength: Int? = nil) -> AttributeList
    {
        AttributeList(attributes, maxCount: maxCount, maxLength: maxLength)
    }

    @Test func sameKeyReplacesAndKeepsItsPlace() {
        let result = list([.init("a", .int(1)), .init("b", .int(2)), .init("a", .string("3"))])
        #expect(result.elements == [.init("a", .string("3")), .init("b", .int(2))])
        #expect(result.dropped == 0)
    }

    @Test func newKeysBeyondTheLimitAreDroppedOldOnesUpdated() {
        let result = list(
            [.init("a", .int(1)), .init("b", .int(2)), .init("c", .int(3)), .init("a", .int(4))], maxCount: 2)
        #expect(result.elements == [.init("a", .int(4)), .init("b", .int(2))])
        #expect(result.dropped == 1)
    }

    @Test func emptyKeyIsDropped() {
        #expect(list([.init("", .int(1))]).elements.isEmpty)
        #expect(list([.init("", .int(1))]).dropped == 1)
    }

    @Test(arguments: [0, -1]) func limitOfZeroKeepsNothing(limit: Int) {
        #expect(list([.init("a", .int(1))], maxCount: limit).elements.isEmpty)
        #expect(AttributeList(unique: [.init("a", .int(1))], maxCount: limit, maxLength: nil).dropped == 1)
    }

    /// Two lists that began with one attribute, to which another had been set meanwhile or not.
    @Test(arguments: [false, true]) func whatIsAppendedAtTheEndReplacesWhatWasSetMeanwhile(wasSet: Bool) {
        var result = AttributeList(unique: [.init("start", .int(1))], maxCount: 128, maxLength: nil)
        if wasSet { result.set("end", .int(2), maxCount: 128, maxLength: nil) }
        result.append(after: 1, maxCount: 128, maxLength: nil) {
            $0.append(.init("end", .int(3)))
            $0.append(.init("other", .int(4)))
        }
        #expect(result.elements == [.init("start", .int(1)), .init("end", .int(3)), .init("other", .int(4))])
        #expect(result.dropped == 0)
    }

    @Test(arguments: [false, true]) func whatIsAppendedIsHeldToTheLimits(wasSet: Bool) {
        var result = AttributeList(unique: [.init("start", .string("abc"))], maxCount: 3, maxLength: 2)
        if wasSet { result.set("x", .int(2), maxCount: 3, maxLength: 2) }
        result.append(after: 1, maxCount: 3, maxLength: 2) {
            for key in ["a", "b", "c"] { $0.append(.init(key, .string(key + "23"))) }
        }
        let kept: [Telemetry.Attribute] = wasSet ? [.init("x", .int(2))] : [.init("a", .string("a2"))]
        let last: Telemetry.Attribute = wasSet ? .init("a", .string("a2")) : .init("b", .string("b2"))
        #expect(result.elements == [.init("start", .string("ab"))] + kept + [last])
        #expect(result.dropped == (wasSet ? 2 : 1))
    }

    @Test func uniqueAttributesAreTakenAsTheyAre() {
        let attributes: [Telemetry.Attribute] = [
            .init("a", .int(1)), .init("b", .string("22")), .init("c", .bool(true)),
        ]
        let all = AttributeList(unique: attributes, maxCount: 128, maxLength: nil)
        #expect(all.elements == attributes)
        let some = AttributeList(unique: attributes, maxCount: 2, maxLength: 1)
        #expect(some.elements == [.init("a", .int(1)), .init("b", .string("2"))])
        #expect(some.dropped == 1)
    }

    @Test func valuesThatSayNothingAreKept() {
        let attributes: [Telemetry.Attribute] = [
            .init("a", .int(0)), .init("b", .string("")), .init("c", .array([])), .init("d", .bool(false)),
            .init("e", .map([])), .init("f", .bytes([])),
        ]
        #expect(list(attributes).elements == attributes)
    }
}

@Suite("AttributeValue limits")
struct AttributeValueLimitsTests {
    static let cut: [(Telemetry.AttributeValue, Int, Telemetry.AttributeValue)] = [
        (.string("abcdef"), 3, .string("abc")), (.string("abc"), 3, .string("abc")), (.string("abc"), 0, .string("")),
        (.string("abc"), -1, .string("")),
        // Characters count, not bytes.
        (.string("äöü"), 3, .string("äöü")), (.string("äöüß"), 3, .string("äöü")), (.string("👨‍👩‍👧x"), 1, .string("👨")),
        (.bytes([1, 2, 3]), 2, .bytes([1, 2])), (.int(123_456), 1, .int(123_456)), (.bool(true), 0, .bool(true)),
        (.array([.string("abc"), .int(9)]), 2, .array([.string("ab"), .int(9)])),
        (.array([.array([.string("abc")])]), 1, .array([.array([.string("a")])])),
        (.map([.init("key", .string("abc"))]), 1, .map([.init("key", .string("a"))])),
    ]

    @Test(arguments: cut) func cutsAtEveryDepth(
        value: Telemetry.AttributeValue, length: Int, expected: Telemetry.AttributeValue
    ) {
        #expect(value.limited(toLength: length) == expected)
    }

    @Test func withoutALimitNothingIsCut() {
        let value = Telemetry.AttributeValue.string(String(repeating: "x", count: 100_000))
        #expect(value.limited(toLength: nil) == value)
    }

    private func nested(_ depth: Int) -> Telemetry.AttributeValue {
        (1..<depth).reduce(.array([.int(1)])) { value, _ in .array([value]) }
    }

    private func depth(_ value: Telemetry.AttributeValue) -> Int {
        guard case .array(let values) = value else { return 0 }
        return 1 + (values.first.map { depth($0) } ?? 0)
    }

    @Test func deeperThan64BecomesEmpty() {
        #expect(nested(64).limited(toLength: nil) == nested(64))
        let cut = nested(70).limited(toLength: nil)
        #expect(depth(cut) == 65)
        #expect(cut != nested(65))
    }
}
