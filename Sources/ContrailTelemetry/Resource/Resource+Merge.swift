extension Telemetry.Resource {
    /// This resource, updated: where both have a key, the value of `updating` counts, even an empty one (OTel Resource
    /// SDK, "Merge").
    ///
    /// If the two follow different schemas, the result names none: that is an error in the specification, and
    /// telemetry does not fail for it.
    public func merging(_ updating: Self) -> Self {
        var merged = AttributeList(attributes, maxCount: .max, maxLength: nil)
        for attribute in updating.attributes {
            merged.set(attribute.key, attribute.value, maxCount: .max, maxLength: nil)
        }
        return Self(attributes: merged.elements, schemaURL: mergedSchema(updating.schemaURL))
    }

    /// The value of an attribute; `nil` if there is none.
    public subscript(_ key: String) -> Telemetry.AttributeValue? { attributes.first { $0.key == key }?.value }

    private func mergedSchema(_ other: String) -> String {
        if schemaURL.isEmpty || schemaURL == other { return other }
        return other.isEmpty ? schemaURL : ""
    }
}
