extension Telemetry.SpanData.Event: LimitedByAttributes {
    func limited(by limits: Telemetry.SpanLimits) -> Self { limited(to: limits.attributesPerEvent, limits) }
}

extension Telemetry.SpanData.Link: LimitedByAttributes {
    func limited(by limits: Telemetry.SpanLimits) -> Self { limited(to: limits.attributesPerLink, limits) }
}

/// A part of a span with attributes of its own.
private protocol LimitedByAttributes {
    var attributes: [Telemetry.Attribute] { get set }
    /// How many attributes were left out.
    var droppedAttributes: UInt32 { get set }
}

extension LimitedByAttributes {
    fileprivate func limited(to maxCount: Int, _ limits: Telemetry.SpanLimits) -> Self {
        var part = self
        let list = AttributeList(attributes, maxCount: maxCount, maxLength: limits.attributeValueLength)
        part.attributes = list.elements
        part.droppedAttributes = droppedAttributes.addingClamped(list.dropped)
        return part
    }
}
