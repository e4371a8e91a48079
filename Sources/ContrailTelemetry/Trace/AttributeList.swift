/// Attributes under construction: keys unique, in the order they were first set, never more than the limit.
///
/// A list and not a dictionary: spans have about ten attributes, and comparing ten lengths costs less than one hash.
struct AttributeList: Sendable {
    private(set) var elements: [Telemetry.Attribute] = []
    /// Attributes that the limit kept out, and those without a key.
    private(set) var dropped: UInt32 = 0

    /// Room for what an HTTP span holds, so that the list grows once.
    private static let usualCount = 16

    /// No attributes.
    init() {}

    /// Takes over attributes whose keys the caller knows to be unique; checks only how many there are.
    init(unique attributes: consuming [Telemetry.Attribute], maxCount: Int, maxLength: Int?) {
        elements = attributes
        settle(from: 0, maxCount: maxCount, maxLength: maxLength)
    }

    /// A list as it was left.
    init(settled attributes: [Telemetry.Attribute], dropped: UInt32) {
        elements = attributes
        self.dropped = dropped
    }

    /// Takes attributes of which some may have the same key; the last one wins.
    init(_ attributes: [Telemetry.Attribute], maxCount: Int, maxLength: Int?) {
        elements.reserveCapacity(min(attributes.count, max(0, maxCount)))
        for attribute in attributes { set(attribute.key, attribute.value, maxCount: maxCount, maxLength: maxLength) }
    }

    func index(of key: String) -> Int? {
        elements.firstIndex { $0.key.utf8.count == key.utf8.count && $0.key == key }
    }

    /// Adds the attribute, or replaces its value. An empty key is not allowed (OTel Common, "Attribute").
    mutating func set(_ key: String, _ value: Telemetry.AttributeValue, maxCount: Int, maxLength: Int?) {
        let value = value.mayExceed(maxLength) ? value.limited(toLength: maxLength) : value
        if let index = index(of: key) {
            elements[index].value = value
        } else if elements.count < maxCount, !key.isEmpty {
            if elements.isEmpty { elements.reserveCapacity(min(Self.usualCount, maxCount)) }
            elements.append(Telemetry.Attribute(key, value))
        } else {
            dropped = dropped.addingClamped(1)
        }
    }

    /// Has `fill` append attributes whose keys are unique, also beside the `known` attributes that its caller gave at the
    /// start: they are compared only if others were set meanwhile, or may have been (`nil`).
    mutating func append(
        after known: Int?, maxCount: Int, maxLength: Int?, _ fill: (inout [Telemetry.Attribute]) -> Void
    ) {
        guard let known, elements.count == known else {
            var more: [Telemetry.Attribute] = []
            fill(&more)
            return more.forEach { set($0.key, $0.value, maxCount: maxCount, maxLength: maxLength) }
        }
        fill(&elements)
        settle(from: known, maxCount: maxCount, maxLength: maxLength)
    }

    /// Holds what was appended to the limits.
    private mutating func settle(from start: Int, maxCount: Int, maxLength: Int?) {
        let excess = elements.count - max(0, maxCount)
        if excess > 0 {
            elements.removeLast(excess)
            dropped = UInt32(clamping: excess).addingClamped(dropped)
        }
        // Scalars and short strings are nearly everything: nothing is written unless a value really changes.
        for index in elements.indices.dropFirst(start) where elements[index].value.mayExceed(maxLength) {
            elements[index].value = elements[index].value.limited(toLength: maxLength)
        }
    }

    /// Makes room for `count` more at once.
    mutating func reserve(_ count: Int, maxCount: Int) {
        let wanted = min(elements.count + count, maxCount)
        if wanted > elements.capacity { elements.reserveCapacity(wanted) }
    }

    /// Removes every attribute whose key is not in `keep`.
    mutating func removeAll(except keep: (String) -> Bool) { elements.removeAll { !keep($0.key) } }
}

extension Telemetry.AttributeValue {
    fileprivate func mayExceed(_ maxLength: Int?) -> Bool {
        switch self {
        case .bool, .int, .double: false
        case .string(let text): maxLength.map { text.utf8.count > $0 } ?? false
        case .bytes(let bytes): maxLength.map { bytes.count > $0 } ?? false
        case .array, .map: true
        }
    }
}

extension UInt32 {
    /// The sum, or the greatest number if there is none: a count of lost things must not trap.
    func addingClamped(_ other: UInt32) -> UInt32 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
