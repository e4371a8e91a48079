import Tracing

/// What a recording span has gathered, and the rules by which it gathers: limits, status order, nothing after the end.
///
/// Attributes exist in up to two forms. `list` is ours; `view` is the dictionary that swift-distributed-tracing reads and
/// writes as a whole. Writing it back for each key would cost a conversion of all attributes per key, so the view is
/// kept as written and folded into the list when somebody needs the list, at the latest when the span ends.
struct SpanRecord: Sendable {
    var name: String
    private(set) var events: [Telemetry.SpanData.Event] = []
    private(set) var droppedEvents: UInt32 = 0
    private(set) var links: [Telemetry.SpanData.Link] = []
    private(set) var droppedLinks: UInt32 = 0
    private(set) var status: Telemetry.SpanData.Status = .unset
    /// In nanoseconds since 1970-01-01 UTC; `nil` while the span records.
    private(set) var endNanoseconds: UInt64?

    private var list: AttributeList
    private var view: SpanAttributes?
    private var viewIsNewer = false
    /// Keys that the span was started with may be gone: counting attributes does not tell any more whether others came.
    private var keysWereReplaced = false

    init(name: String, attributes: AttributeList = AttributeList()) {
        self.name = name
        list = attributes
    }

    var isEnded: Bool { endNanoseconds != nil }

    /// The attributes in their final form, and how many the limit kept out.
    mutating func attributes(limits: Telemetry.SpanLimits) -> AttributeList {
        foldView(limits)
        return list
    }

    mutating func setAttribute(_ key: String, _ value: Telemetry.AttributeValue, limits: Telemetry.SpanLimits) {
        guard !isEnded else { return }
        foldView(limits)
        view = nil
        list.set(key, value, maxCount: limits.attributes, maxLength: limits.attributeValueLength)
    }

    /// Sets several, one after the other.
    mutating func setAttributes(_ attributes: [Telemetry.Attribute], limits: Telemetry.SpanLimits) {
        guard !isEnded else { return }
        foldView(limits)
        view = nil
        list.reserve(attributes.count, maxCount: limits.attributes)
        for attribute in attributes {
            list.set(
                attribute.key, attribute.value, maxCount: limits.attributes, maxLength: limits.attributeValueLength)
        }
    }

    /// Has `fill` append attributes with keys of their own; see ``AttributeList/append(after:maxCount:maxLength:_:)``.
    mutating func appendAttributes(
        after known: Int, limits: Telemetry.SpanLimits, _ fill: (inout [Telemetry.Attribute]) -> Void
    ) {
        guard !isEnded else { return }
        foldView(limits)
        view = nil
        list.append(
            after: keysWereReplaced ? nil : known, maxCount: limits.attributes, maxLength: limits.attributeValueLength,
            fill)
    }

    /// All attributes as swift-distributed-tracing wants them.
    mutating func attributesView() -> SpanAttributes {
        if let view { return view }
        var attributes = SpanAttributes()
        attributes.reserveCapacity(list.elements.count)
        for attribute in list.elements { attributes.set(attribute.key, value: attribute.value.spanAttribute) }
        view = attributes
        return attributes
    }

    /// Replaces all attributes: keys that are not in `attributes` are gone.
    mutating func replaceAttributes(_ attributes: SpanAttributes, limits: Telemetry.SpanLimits) {
        guard !isEnded else { return }
        // Beyond the limit it matters which keys came first, and only the list knows.
        let isOverLimit = attributes.count > limits.attributes
        if isOverLimit { foldView(limits) }
        view = attributes
        viewIsNewer = true
        keysWereReplaced = true
        if isOverLimit {
            foldView(limits)
            view = nil
        }
    }

    mutating func addEvent(_ event: Telemetry.SpanData.Event, limits: Telemetry.SpanLimits) {
        guard !isEnded else { return }
        guard events.count < limits.events else { return droppedEvents = droppedEvents.addingClamped(1) }
        events.append(event)
    }

    mutating func addLink(_ link: Telemetry.SpanData.Link, limits: Telemetry.SpanLimits) {
        guard !isEnded else { return }
        guard links.count < limits.links else { return droppedLinks = droppedLinks.addingClamped(1) }
        links.append(link)
    }

    mutating func setStatus(_ status: Telemetry.SpanData.Status) {
        guard !isEnded else { return }
        self.status.raise(to: status)
    }

    /// Ends the record; false if it had ended before.
    mutating func end(atNanoseconds end: UInt64) -> Bool {
        guard !isEnded else { return false }
        endNanoseconds = end
        return true
    }

    private mutating func foldView(_ limits: Telemetry.SpanLimits) {
        guard viewIsNewer, let view else { return }
        viewIsNewer = false
        list.removeAll { view.get($0) != nil }
        view.forEach { key, value in
            let value = Telemetry.AttributeValue(value)
            list.set(key, value, maxCount: limits.attributes, maxLength: limits.attributeValueLength)
        }
    }
}

extension Telemetry.SpanData.Status {
    /// `ok` is final, and an error is never taken back to unset (OTel Trace API, "Set Status").
    mutating func raise(to status: Self) {
        guard self != .ok, status != .unset else { return }
        self = status
    }
}
