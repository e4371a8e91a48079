import CContrailOTLP

/// The messages of a request or response and their fields, by name and number, read once from the generated
/// descriptors.
struct WireSchema: Sendable {
    /// How a field is written.
    enum Kind: Sendable, Equatable {
        /// The message with this index in ``WireSchema/messages``.
        case message(Int)
        case text
        case bytes
        /// Bytes that OTLP's JSON writes as hexadecimal: the ids of traces and spans.
        case hexadecimal
        case bool
        /// int32, int64 and enumerations: a varint, sign-extended.
        case signed(is64: Bool)
        case unsigned(is64: Bool)
        case zigzag(is64: Bool)
        case fixed32(isSigned: Bool)
        case fixed64(isSigned: Bool)
        case float
        case double
    }

    struct Field: Sendable {
        let number: UInt32
        /// The name in JSON.
        let name: String
        let kind: Kind
        let isRepeated: Bool
        /// Zero is written too: whether it is there says which member of the choice it is.
        let isInOneof: Bool
    }

    struct Message: Sendable {
        let name: String
        fileprivate(set) var byNumber: [UInt32: Field] = [:]
        fileprivate(set) var byName: [String: Field] = [:]
    }

    /// The message itself is the first.
    private(set) var messages: [Message] = []

    /// The schema of the message that `initialize` belongs to.
    ///
    // SAFETY: descriptors are constants of the generated code. The initialiser's message holds a pointer to the real
    // one, where Swift's import of the constant would be a copy.
    init<Root>(_ initialize: WireInitializer<Root>) {
        var arena = Arena(firstBlockBytes: 1 << 10)
        let message = unsafe UnsafeMutableRawPointer(arena.make(initialize))
        var known: [UnsafePointer<ProtobufCMessageDescriptor>: Int] = unsafe [:]
        if let descriptor = unsafe message.assumingMemoryBound(to: ProtobufCMessage.self).pointee.descriptor {
            _ = unsafe add(descriptor, &known)
        }
    }

    // SAFETY: as above; a field's descriptor is a message's where its type says so.
    private mutating func add(
        _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>,
        _ known: inout [UnsafePointer<ProtobufCMessageDescriptor>: Int]
    ) -> Int {
        if let index = unsafe known[descriptor] { return index }
        let index = messages.count
        unsafe known[descriptor] = index
        unsafe messages.append(Message(name: String(cString: descriptor.pointee.short_name)))
        for position in 0..<Int(unsafe descriptor.pointee.n_fields) {
            let raw = unsafe descriptor.pointee.fields[position]
            let name = unsafe String(cString: raw.name)
            var kind = unsafe Self.kind(raw.type, name: name)
            if unsafe raw.type == PROTOBUF_C_TYPE_MESSAGE, let inner = unsafe raw.descriptor {
                kind = .message(
                    unsafe add(inner.assumingMemoryBound(to: ProtobufCMessageDescriptor.self), &known))
            }
            let field = Field(
                number: unsafe raw.id, name: Self.jsonName(name), kind: kind,
                isRepeated: unsafe raw.label == PROTOBUF_C_LABEL_REPEATED,
                isInOneof: unsafe raw.flags & PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue != 0)
            messages[index].byNumber[field.number] = field
            messages[index].byName[field.name] = field
        }
        return index
    }

    /// `trace_id` is `traceId` (proto3, "JSON Mapping").
    private static func jsonName(_ name: String) -> String {
        let words = name.split(separator: "_")
        return words.dropFirst().reduce(String(words.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }

    /// Texts are generated as bytes, so the descriptor does not tell them apart: the four names of bytes do.
    private static func kind(_ type: ProtobufCType, name: String) -> Kind {
        switch type {
        case PROTOBUF_C_TYPE_INT32, PROTOBUF_C_TYPE_ENUM: .signed(is64: false)
        case PROTOBUF_C_TYPE_INT64: .signed(is64: true)
        case PROTOBUF_C_TYPE_UINT32: .unsigned(is64: false)
        case PROTOBUF_C_TYPE_UINT64: .unsigned(is64: true)
        case PROTOBUF_C_TYPE_SINT32: .zigzag(is64: false)
        case PROTOBUF_C_TYPE_SINT64: .zigzag(is64: true)
        case PROTOBUF_C_TYPE_FIXED32: .fixed32(isSigned: false)
        case PROTOBUF_C_TYPE_SFIXED32: .fixed32(isSigned: true)
        case PROTOBUF_C_TYPE_FIXED64: .fixed64(isSigned: false)
        case PROTOBUF_C_TYPE_SFIXED64: .fixed64(isSigned: true)
        case PROTOBUF_C_TYPE_FLOAT: .float
        case PROTOBUF_C_TYPE_DOUBLE: .double
        case PROTOBUF_C_TYPE_BOOL: .bool
        default: bytesNames[name] ?? .text
        }
    }

    private static let bytesNames: [String: Kind] = [
        "trace_id": .hexadecimal, "span_id": .hexadecimal, "parent_span_id": .hexadecimal, "bytes_value": .bytes,
        "value": .bytes,
    ]
}

extension WireSchema.Kind {
    /// True for numbers: a repeated field of them may come as one piece (protobuf, "Packed Repeated Fields").
    var isPackable: Bool {
        switch self {
        case .message, .text, .bytes, .hexadecimal: false
        default: true
        }
    }
}

extension OTLP {
    /// The three kinds of telemetry that OTLP carries.
    package enum Signal: String, Sendable, Hashable, CaseIterable {
        case traces
        case metrics
        case logs

        /// Where it is posted to, below the base.
        package var path: String { "/v1/\(rawValue)" }

        /// The signal that is posted to `path`; `nil` if none is.
        package init?(path: some StringProtocol) {
            guard let signal = Self.allCases.first(where: { $0.path == path }) else { return nil }
            self = signal
        }
    }
}

extension WireSchema {
    static let status = unsafe WireSchema(contrail_google_rpc__status__init)

    static func request(_ signal: OTLP.Signal) -> WireSchema {
        switch signal {
        case .traces: tracesRequest
        case .metrics: metricsRequest
        case .logs: logsRequest
        }
    }

    static func response(_ signal: OTLP.Signal) -> WireSchema {
        switch signal {
        case .traces: tracesResponse
        case .metrics: metricsResponse
        case .logs: logsResponse
        }
    }

    private static let tracesRequest = unsafe WireSchema(
        contrail_otlp_trace_service__export_trace_service_request__init)
    private static let metricsRequest = unsafe WireSchema(
        contrail_otlp_metrics_service__export_metrics_service_request__init)
    private static let logsRequest = unsafe WireSchema(contrail_otlp_logs_service__export_logs_service_request__init)
    private static let tracesResponse = unsafe WireSchema(
        contrail_otlp_trace_service__export_trace_service_response__init)
    private static let metricsResponse = unsafe WireSchema(
        contrail_otlp_metrics_service__export_metrics_service_response__init)
    private static let logsResponse = unsafe WireSchema(contrail_otlp_logs_service__export_logs_service_response__init)
}
