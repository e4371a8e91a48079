import Tracing

extension Telemetry.AttributeValue {
    /// The value of an attribute that was set through swift-distributed-tracing. May call the user's `description`.
    init(_ attribute: SpanAttribute) {
        switch attribute {
        case .string(let text): self = .string(text)
        case .bool(let flag): self = .bool(flag)
        case .int32(let number): self = .int(Int64(number))
        case .int64(let number): self = .int(number)
        case .double(let number): self = .double(number)
        case .stringArray(let texts): self = .array(texts.map { .string($0) })
        case .boolArray(let flags): self = .array(flags.map { .bool($0) })
        case .int32Array(let numbers): self = .array(numbers.map { .int(Int64($0)) })
        case .int64Array(let numbers): self = .array(numbers.map { .int($0) })
        case .doubleArray(let numbers): self = .array(numbers.map { .double($0) })
        case .stringConvertible(let value): self.init(describing: value)
        case .stringConvertibleArray(let values): self = .array(values.map { Self(describing: $0) })
        // The enum asks for a default: cases may be added.
        default: self = .string(String(describing: attribute))
        }
    }

    /// An array literal of `Int` arrives as things that describe themselves: numbers are still numbers.
    private init(describing value: any CustomStringConvertible & Sendable) {
        switch value {
        case let value as NativeValue: self = value.value
        case let number as Int: self = .int(Int64(number))
        default: self = .string(value.description)
        }
    }

    /// This value for swift-distributed-tracing. What it has no case for travels in ``NativeValue``, and comes back whole.
    var spanAttribute: SpanAttribute {
        switch self {
        case .string(let text): .string(text)
        case .bool(let flag): .bool(flag)
        case .int(let number): .int64(number)
        case .double(let number): .double(number)
        case .array(let values): Self.homogeneous(values) ?? .stringConvertible(NativeValue(value: self))
        case .bytes, .map: .stringConvertible(NativeValue(value: self))
        }
    }

    private static func homogeneous(_ values: [Self]) -> SpanAttribute? {
        switch values.first {
        case .string: all(values) { if case .string(let text) = $0 { text } else { nil } }.map { .stringArray($0) }
        case .bool: all(values) { if case .bool(let flag) = $0 { flag } else { nil } }.map { .boolArray($0) }
        case .int: all(values) { if case .int(let number) = $0 { number } else { nil } }.map { .int64Array($0) }
        case .double: all(values) { if case .double(let number) = $0 { number } else { nil } }.map { .doubleArray($0) }
        case .bytes, .array, .map, nil: nil
        }
    }

    private static func all<Element>(_ values: [Self], _ element: (Self) -> Element?) -> [Element]? {
        let elements = values.compactMap(element)
        return elements.count == values.count ? elements : nil
    }
}

/// A value of ours inside a `SpanAttribute`.
struct NativeValue: Sendable, CustomStringConvertible {
    let value: Telemetry.AttributeValue
    var description: String { String(describing: value) }
}

extension [Telemetry.Attribute] {
    /// The attributes of an event or a link that came through swift-distributed-tracing; in no particular order.
    init(_ attributes: SpanAttributes) {
        self.init()
        reserveCapacity(attributes.count)
        attributes.forEach { key, value in append(Telemetry.Attribute(key, Telemetry.AttributeValue(value))) }
    }
}

extension SpanAttributes {
    /// The attributes with every value that only its owner can turn into text turned into text.
    ///
    /// Called before a span takes them: no code of the user's runs under the span's lock.
    func resolvingDescriptions() -> SpanAttributes {
        var resolved = self
        forEach { key, value in
            switch value {
            case .stringConvertible, .stringConvertibleArray:
                resolved.set(key, value: Telemetry.AttributeValue(value).spanAttribute)
            default: break
            }
        }
        return resolved
    }
}
