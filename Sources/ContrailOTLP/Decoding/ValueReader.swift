import CContrailOTLP
import ContrailTelemetry

/// Turns unpacked values into Swift's, and remembers what was odd.
// SAFETY (whole file): pointers and counts come from one unpacked tree, which outlives the reader; everything is
// copied.
struct ValueReader {
    /// The first thing that was odd but no reason to refuse; empty if nothing was.
    private(set) var remark = ""

    mutating func note(_ what: String) {
        if remark.isEmpty { remark = what }
    }

    /// The text; anything but UTF-8 is an error, as in every strict reader.
    func text(_ data: ProtobufCBinaryData) throws(OTLP.DecodingError) -> String {
        guard let start = unsafe data.data, unsafe data.len > 0 else { return "" }
        let bytes = unsafe UnsafeBufferPointer(start: start, count: data.len)
        guard let text = unsafe String(validating: bytes, as: UTF8.self) else { throw .malformed("text is not UTF-8") }
        return text
    }

    func bytes(_ data: ProtobufCBinaryData) -> [UInt8] {
        guard let start = unsafe data.data, unsafe data.len > 0 else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: start, count: data.len))
    }

    mutating func attributes(
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<WireAttribute>?>?, count: Int
    ) throws(OTLP.DecodingError) -> [Telemetry.Attribute] {
        var result: [Telemetry.Attribute] = []
        result.reserveCapacity(count)
        for index in 0..<count {
            guard let entry = unsafe list?[index] else { continue }
            let key = try unsafe text(entry.pointee.key)
            if unsafe entry.pointee.key_strindex != 0 { note("key_strindex is for profiles only and was ignored") }
            result.append(Telemetry.Attribute(key, try unsafe value(entry.pointee.value)))
        }
        return result
    }

    mutating func value(_ value: UnsafeMutablePointer<WireValue>?) throws(OTLP.DecodingError)
        -> Telemetry.AttributeValue
    {
        guard let value = unsafe value else { return empty(because: "an attribute has no value") }
        switch unsafe value.pointee.value_case {
        case CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_STRING_VALUE:
            return .string(try unsafe text(value.pointee.string_value))
        case CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_BOOL_VALUE: return unsafe .bool(value.pointee.bool_value != 0)
        case CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_INT_VALUE: return unsafe .int(value.pointee.int_value)
        case CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_DOUBLE_VALUE: return unsafe .double(value.pointee.double_value)
        case CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_BYTES_VALUE: return unsafe .bytes(bytes(value.pointee.bytes_value))
        case CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_ARRAY_VALUE:
            return .array(try unsafe array(value.pointee.array_value))
        case CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_KVLIST_VALUE:
            guard let map = unsafe value.pointee.kvlist_value else { return .map([]) }
            return .map(try unsafe attributes(map.pointee.values, count: map.pointee.n_values))
        case CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_STRING_VALUE_STRINDEX:
            return empty(because: "string_value_strindex is for profiles only and was ignored")
        default:
            return empty(because: "an attribute has no value")
        }
    }

    private mutating func array(
        _ array: UnsafeMutablePointer<WireArray>?
    ) throws(OTLP.DecodingError) -> [Telemetry.AttributeValue] {
        guard let array = unsafe array else { return [] }
        var result: [Telemetry.AttributeValue] = []
        unsafe result.reserveCapacity(array.pointee.n_values)
        for index in 0..<(unsafe array.pointee.n_values) {
            result.append(try unsafe value(array.pointee.values[index]))
        }
        return result
    }

    /// OTLP knows an empty value; our attributes do not, so it becomes an empty text.
    private mutating func empty(because what: String) -> Telemetry.AttributeValue {
        note(what)
        return .string("")
    }
}
