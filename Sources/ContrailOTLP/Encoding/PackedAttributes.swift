import CContrailOTLP
import ContrailTelemetry

/// The attributes of a batch's spans, packed one by one, and once for all spans that have the same: most attributes of most
/// batches have been there before, and packing them was half of all encoding.
///
/// On the wire a message inside another is its bytes with their number in front (protobuf, "Encoding"). So `Span` has a second
/// descriptor here, in which the attributes are such bytes; all else of it is the generated one.
// SAFETY (whole file): what is handed out lies in the arena that was given, and lives as long as it.
struct PackedAttributes {
    @safe private struct Entry {
        var identity: Identity
        var packed: ProtobufCBinaryData
    }

    /// At the place that its identity says: the last one that came there.
    private var known: [Entry?]
    /// Bytes that stand once in the arena and once more in the message.
    private(set) var repeatedBytes = 0

    /// - Parameter spanCount: with few spans nothing comes again, and a table would cost more than it saves.
    init(spanCount: Int) {
        known = Array(repeating: nil, count: spanCount < 8 ? 0 : Identity.places)
    }

    /// Gives `span` its attributes, whose messages stand `depth` deep.
    mutating func set(
        _ attributes: [Telemetry.Attribute], of span: UnsafeMutablePointer<WireSpan>, depth: Int, in arena: inout Arena
    ) {
        typealias Bytes = ProtobufCBinaryData
        guard !attributes.isEmpty else { return }
        let memory = unsafe arena.allocate(
            byteCount: attributes.count * MemoryLayout<Bytes>.stride, alignment: MemoryLayout<Bytes>.alignment)
        let list = unsafe memory.bindMemory(to: Bytes.self, capacity: attributes.count)
        for index in attributes.indices {
            unsafe (list + index).initialize(to: packed(attributes[index], depth: depth, in: &arena))
        }
        unsafe span.pointee.base.descriptor = Self.descriptor
        unsafe span.pointee.n_attributes = attributes.count
        // Of another type than the generated struct says; libprotobuf-c goes by the descriptor.
        unsafe span.pointee.attributes = memory.assumingMemoryBound(to: UnsafeMutablePointer<WireAttribute>?.self)
    }

    // SAFETY: made once, never freed, never changed.
    private static nonisolated(unsafe) let descriptor = unsafe makeDescriptor()

    private static func makeDescriptor() -> UnsafePointer<ProtobufCMessageDescriptor> {
        let descriptor = UnsafeMutablePointer<ProtobufCMessageDescriptor>.allocate(capacity: 1)
        unsafe descriptor.initialize(to: contrail_otlp_trace__span__descriptor)
        let count = unsafe Int(descriptor.pointee.n_fields)
        let fields = UnsafeMutablePointer<ProtobufCFieldDescriptor>.allocate(capacity: count)
        unsafe fields.initialize(from: descriptor.pointee.fields, count: count)
        for index in 0..<count where unsafe fields[index].id == attributesField {
            unsafe fields[index].type = PROTOBUF_C_TYPE_BYTES
            unsafe fields[index].descriptor = nil
        }
        unsafe descriptor.pointee.fields = UnsafePointer(fields)
        return unsafe UnsafePointer(descriptor)
    }

    /// The number of `attributes` in `Span`.
    private static let attributesField: UInt32 = 9

    private mutating func packed(
        _ attribute: Telemetry.Attribute, depth: Int, in arena: inout Arena
    ) -> ProtobufCBinaryData {
        guard !known.isEmpty, let identity = Identity(attribute) else {
            return unsafe arena.packed(attribute, depth: depth)
        }
        if let entry = known[identity.place], entry.identity == identity {
            if case .double(let number) = attribute.value { return unsafe arena.copy(entry.packed, ending: number) }
            repeatedBytes += unsafe entry.packed.len
            return unsafe entry.packed
        }
        let packed = unsafe arena.packed(attribute, depth: depth)
        unsafe known[identity.place] = Entry(identity: identity, packed: packed)
        return unsafe packed
    }
}

/// By what an attribute is known again, without looking at its texts: short ones stand in their String, long ones are the
/// same if their storage is. The spans of the batch keep that alive, so that it cannot become another's. Equal texts that
/// stand in two places count as two; that costs time only.
private struct Identity: Equatable {
    static let places = 128

    private let key: TextBits
    private let value: TextBits
    private let kind: UInt64

    /// `nil` for what hardly comes twice: containers and bytes. Numbers with a fraction do not either, but all of one key are
    /// as long, and differ in their last eight bytes only: they share an identity.
    init?(_ attribute: Telemetry.Attribute) {
        guard MemoryLayout<String>.size == MemoryLayout<TextBits>.size else { return nil }
        switch attribute.value {
        case .string(let text): (value, kind) = (TextBits(text), 1)
        case .int(let number): (value, kind) = (TextBits(number: UInt64(bitPattern: number)), 2)
        case .bool(let flag): (value, kind) = (TextBits(number: flag ? 1 : 0), 3)
        case .double: (value, kind) = (TextBits(number: 0), 4)
        case .bytes, .array, .map: return nil
        }
        key = TextBits(attribute.key)
    }

    var place: Int {
        var mixed = key.a &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ key.b) &* 0xC2B2_AE3D_27D4_EB4F
        mixed = (mixed ^ value.a) &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ value.b ^ kind) &* 0xC2B2_AE3D_27D4_EB4F
        return Int(truncatingIfNeeded: mixed >> 57)
    }
}

private struct TextBits: Equatable {
    let a: UInt64
    let b: UInt64

    init(number: UInt64) { (a, b) = (number, 0) }

    init(_ text: String) {
        // SAFETY: a String is two words on 64-bit machines; they are compared, and nothing else is done with them.
        let words = unsafe unsafeBitCast(text, to: (UInt64, UInt64).self)
        (a, b) = (words.0, words.1)
    }
}

extension Arena {
    /// A `KeyValue` that stands `depth` deep, packed.
    fileprivate mutating func packed(_ attribute: Telemetry.Attribute, depth: Int) -> ProtobufCBinaryData {
        var wire = unsafe WireValue()
        unsafe contrail_otlp_common__any_value__init(&wire)
        switch attribute.value {
        case .string(var text):
            return text.withUTF8 { bytes in
                unsafe wire.value_case = CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_STRING_VALUE
                unsafe wire.string_value = Self.borrowed(bytes)
                return unsafe packed(attribute.key, &wire, valueBytes: bytes.count)
            }
        case .bool(let flag):
            unsafe wire.value_case = CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_BOOL_VALUE
            unsafe wire.bool_value = flag ? 1 : 0
        case .int(let number):
            unsafe wire.value_case = CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_INT_VALUE
            unsafe wire.int_value = number
        case .double(let number):
            unsafe wire.value_case = CONTRAIL_OTLP_COMMON__ANY_VALUE__VALUE_DOUBLE_VALUE
            unsafe wire.double_value = number
        case .bytes, .array, .map:
            let tree = unsafe value(attribute.value, depth: depth + 1)
            let bytes = unsafe protobuf_c_message_get_packed_size(&tree.pointee.base)
            return unsafe packed(attribute.key, tree, valueBytes: bytes)
        }
        return unsafe packed(attribute.key, &wire, valueBytes: 0)
    }

    private mutating func packed(
        _ key: String, _ value: UnsafeMutablePointer<WireValue>, valueBytes: Int
    ) -> ProtobufCBinaryData {
        var (key, attribute) = unsafe (key, WireAttribute())
        unsafe contrail_otlp_common__key_value__init(&attribute)
        unsafe attribute.value = value
        return key.withUTF8 { bytes in
            unsafe attribute.key = Self.borrowed(bytes)
            // Two tags and lengths of up to 6 bytes each, and once more for the value, or a number of up to 10.
            let room = bytes.count + valueBytes + 24
            return unsafe withUnsafeMutablePointer(to: &attribute) { attribute in
                unsafe attribute.withMemoryRebound(to: ProtobufCMessage.self, capacity: 1) { message in
                    unsafe pack(message, room: room)
                }
            }
        }
    }

    /// The `KeyValue` of a number with a fraction, with another number: it stands at the end, little-endian, since a oneof's
    /// member is written even if it is 0.
    fileprivate mutating func copy(_ packed: ProtobufCBinaryData, ending number: Double) -> ProtobufCBinaryData {
        let copy = unsafe copy(UnsafeRawBufferPointer(start: packed.data, count: packed.len))
        let place = unsafe UnsafeMutableRawPointer(copy.data + (copy.len - MemoryLayout<UInt64>.size))
        unsafe place.storeBytes(of: number.bitPattern.littleEndian, as: UInt64.self)
        return unsafe copy
    }

    /// Packs into this arena. What is not needed of the room is given back.
    private mutating func pack(
        _ message: UnsafeMutablePointer<ProtobufCMessage>, room: Int
    ) -> ProtobufCBinaryData {
        let start = unsafe allocate(byteCount: room, alignment: 1).assumingMemoryBound(to: UInt8.self)
        let count = unsafe protobuf_c_message_pack(message, start)
        unsafe giveBack(start + room, unused: room - count)
        return unsafe ProtobufCBinaryData(len: count, data: start)
    }

    /// libprotobuf-c only reads it, inside the call it is made for.
    private static func borrowed(_ bytes: UnsafeBufferPointer<UInt8>) -> ProtobufCBinaryData {
        unsafe ProtobufCBinaryData(len: bytes.count, data: UnsafeMutablePointer(mutating: bytes.baseAddress))
    }
}
