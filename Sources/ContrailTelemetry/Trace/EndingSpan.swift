extension Telemetry {
    /// A span between its end and its delivery, in the hands of one ``SpanEndingProcessor`` after the other.
    ///
    /// For everybody else the span has ended already. Limits and the order of statuses hold here too.
    public struct EndingSpan: Sendable {
        /// What processors and exporters are going to get.
        public private(set) var data: SpanData
        private let limits: SpanLimits

        init(_ data: SpanData, limits: SpanLimits) {
            self.data = data
            self.limits = limits
        }

        /// The name; low cardinality.
        public var operationName: String {
            get { data.name }
            set { data.name = newValue }
        }

        /// Sets an attribute; one of the same key is replaced. Ignored if `key` is empty.
        public mutating func setAttribute(_ key: String, _ value: AttributeValue) {
            var list = AttributeList(settled: data.attributes, dropped: data.droppedAttributes)
            list.set(key, value, maxCount: limits.attributes, maxLength: limits.attributeValueLength)
            (data.attributes, data.droppedAttributes) = (list.elements, list.dropped)
        }

        /// Takes an attribute away: a secret, say.
        public mutating func removeAttribute(_ key: String) { data.attributes.removeAll { $0.key == key } }

        /// Adds an event.
        public mutating func addEvent(_ event: SpanData.Event) {
            guard data.events.count < limits.events else {
                return data.droppedEvents = data.droppedEvents.addingClamped(1)
            }
            data.events.append(event.limited(by: limits))
        }

        /// Adds a link to another span.
        public mutating func addLink(_ link: SpanData.Link) {
            guard data.links.count < limits.links else {
                return data.droppedLinks = data.droppedLinks.addingClamped(1)
            }
            data.links.append(link.limited(by: limits))
        }

        /// Says how it went. `ok` is final; `unset` is ignored (OTel Trace API, "Set Status").
        public mutating func setStatus(_ status: SpanData.Status) { data.status.raise(to: status) }
    }
}
