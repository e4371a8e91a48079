import CContrailOTLP
import ContrailTelemetry

// SAFETY (whole file): every pointer comes from this arena and lives as long as it; nothing is read before it is
// written.
extension Arena {
    /// How many messages may stand inside one another in what we send, the request being the first.
    ///
    /// Most protobuf libraries give up at 100 and refuse the whole batch. A value that is nested deeper is written as
    /// an empty array or map; the one value is poorer, the batch arrives.
    static let maxMessageDepth = 100

    /// A list of attributes whose `KeyValue` messages stand `depth` deep.
    mutating func attributes(
        _ attributes: [Telemetry.Attribute], depth: Int
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<WireAttribute>?>? {
        guard !attributes.isEmpty else { return nil }
        let list = unsafe makeList(of: WireAttribute.self, count: attributes.count)
        for index in attributes.indices {
            let attribute = unsafe make(contrail_otlp_common__key_value__init)
            unsafe attribute.pointee.key = copy(attributes[index].key)
            unsafe attribute.pointee.value = value(attributes[index].value, depth: depth + 1)
            unsafe list[index] = unsafe attribute
        }
        return unsafe list
    }

    /// A value that stands `depth` deep.
    mutating func value(_ value: Telemetry.AttributeValue, depth: Int) -> UnsafeMutablePointer<WireValue> {
        let message = unsafe make(contrail_otlp_common__any_value__init)
        switch value {
        case .string(let text):
            unsafe message.pointee.value_case = CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_STRING_VALUE
            unsafe message.pointee.string_value = copy(text)
        case .bool(let flag):
            unsafe message.pointee.value_case = CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_BOOL_VALUE
            unsafe message.pointee.bool_value = flag ? 1 : 0
        case .int(let number):
            unsafe message.pointee.value_case = CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_INT_VALUE
            unsafe message.pointee.int_value = number
        case .double(let number):
            unsafe message.pointee.value_case = CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_DOUBLE_VALUE
            unsafe message.pointee.double_value = number
        case .bytes(let bytes):
            unsafe message.pointee.value_case = CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_BYTES_VALUE
            unsafe message.pointee.bytes_value = copy(bytes)
        case .array(let values):
            unsafe message.pointee.value_case = CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_ARRAY_VALUE
            unsafe message.pointee.array_value = array(values, depth: depth + 1)
        case .map(let entries):
            unsafe message.pointee.value_case = CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_KVLIST_VALUE
            unsafe message.pointee.kvlist_value = map(entries, depth: depth + 1)
        }
        return unsafe message
    }

    private mutating func array(_ values: [Telemetry.AttributeValue], depth: Int) -> UnsafeMutablePointer<WireArray> {
        let message = unsafe make(contrail_otlp_common__array_value__init)
        // An element may itself be a container, which is one deeper than the element.
        guard !values.isEmpty, depth + 2 <= Self.maxMessageDepth else { return unsafe message }
        let list = unsafe makeList(of: WireValue.self, count: values.count)
        for index in values.indices { unsafe list[index] = unsafe value(values[index], depth: depth + 1) }
        unsafe message.pointee.n_values = values.count
        unsafe message.pointee.values = list
        return unsafe message
    }

    private mutating func map(_ entries: [Telemetry.Attribute], depth: Int) -> UnsafeMutablePointer<WireMap> {
        let message = unsafe make(contrail_otlp_common__key_value_list__init)
        guard !entries.isEmpty, depth + 3 <= Self.maxMessageDepth else { return unsafe message }
        unsafe message.pointee.n_values = entries.count
        unsafe message.pointee.values = attributes(entries, depth: depth + 1)
        return unsafe message
    }
}
