extension Telemetry.SpanData.Event {
    func limited(by limits: Telemetry.SpanLimits) -> Self {
        var event = self
        let list = AttributeList(
            attributes, maxCount: limits.attributesPerEvent, maxLength: limits.attributeValueLength)
        event.attributes = list.elements
        event.droppedAttributes = event.droppedAttributes.addingClamped(list.dropped)
        return event
    }
}

extension Telemetry.SpanData.Link {
    func limited(by limits: Telemetry.SpanLimits) -> Self {
        var link = self
        let list = AttributeList(
            attributes, maxCount: limits.attributesPerLink, maxLength: limits.attributeValueLength)
        link.attributes = list.elements
        link.droppedAttributes = link.droppedAttributes.addingClamped(list.dropped)
        return link
    }
}
