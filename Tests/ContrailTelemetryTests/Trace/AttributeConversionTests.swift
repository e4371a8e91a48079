import Testing
import Tracing

@testable import ContrailTelemetry

private struct Describable: CustomStringConvertible, Sendable {
    let description: String
}

@Suite("Attribute conversion")
struct AttributeConversionTests {
    static let values: [(SpanAttribute, Telemetry.AttributeValue)] = [
        (.string("a"), .string("a")), (.bool(true), .bool(true)), (.int32(-1), .int(-1)), (.int64(.max), .int(.max)),
        (.double(1.5), .double(1.5)), (.stringArray(["a", "b"]), .array([.string("a"), .string("b")])),
        (.boolArray([true]), .array([.bool(true)])), (.int32Array([1]), .array([.int(1)])),
        (.int64Array([1, 2]), .array([.int(1), .int(2)])), (.doubleArray([0.5]), .array([.double(0.5)])),
        (.stringConvertible(Describable(description: "d")), .string("d")),
        (.stringConvertibleArray([Describable(description: "d")]), .array([.string("d")])),
        (.stringArray([]), .array([])), ([1, 2].toSpanAttribute(), .array([.int(1), .int(2)])),
        // What an `[Int]` becomes where only `SpanAttributeConvertible` is known.
        (.stringConvertibleArray([1, 2]), .array([.int(1), .int(2)])),
    ]

    @Test(arguments: values) func everyCaseHasAValue(attribute: SpanAttribute, value: Telemetry.AttributeValue) {
        #expect(Telemetry.AttributeValue(attribute) == value)
    }

    /// Also what swift-distributed-tracing has no case for.
    @Test(
        arguments: [
            .string("a"), .bool(false), .int(3), .double(.infinity), .bytes([1, 2]), .map([.init("a", .int(1))]),
            .array([]), .array([.int(1), .int(2)]), .array([.int(1), .string("b")]), .array([.array([.bool(true)])]),
            .array([.bytes([1])]),
        ] as [Telemetry.AttributeValue])
    func everyValueComesBackWhole(value: Telemetry.AttributeValue) {
        #expect(Telemetry.AttributeValue(value.spanAttribute) == value)
    }

    @Test func descriptionsAreAskedForBeforeTheSpanIsLocked() {
        let resolved = SpanAttributes([
            "a": .stringConvertible(Describable(description: "d")),
            "b": .stringConvertibleArray([Describable(description: "e")]), "c": .int64(1),
            "d": Telemetry.AttributeValue.bytes([1]).spanAttribute,
        ]).resolvingDescriptions()
        #expect(resolved.get("a") == .string("d"))
        #expect(resolved.get("b") == .stringArray(["e"]))
        #expect(resolved.get("c") == .int64(1))
        #expect(resolved.get("d").map { Telemetry.AttributeValue($0) } == .bytes([1]))
    }
}
