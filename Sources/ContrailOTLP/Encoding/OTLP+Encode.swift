import CContrailOTLP
package import ContrailBase
package import ContrailTelemetry

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension OTLP {
    /// The body of a trace export: one resource, its spans by scope in the order in which the scopes first occur.
    ///
    /// More than `maxBytes` is an error, and is not made.
    /// - Parameter largestGuess: what may be reserved for a body whose size is not known yet.
    ///
    // SAFETY: the tree lives in the arena, which outlives the packing; nothing of it is in the result.
    package static func encode(
        _ spans: [Telemetry.SpanData], resource: Telemetry.Resource, maxBytes: Int = 64 << 20,
        largestGuess: Int = OTLP.largestGuess
    ) throws(TooLargeError) -> ByteChunk {
        var arena = Arena(firstBlockBytes: min(max(spans.count * 1024, 4 << 10), 1 << 20))
        var packed = PackedAttributes(spanCount: spans.count)
        let request = unsafe arena.traceRequest(spans, &packed, resource: resource)
        let bound = arena.reservedBytes + packed.repeatedBytes
        if bound <= min(maxBytes, largestGuess), let packed = unsafe pack(&request.pointee.base, bound: bound) {
            return packed
        }
        return try unsafe pack(&request.pointee.base, maxBytes: maxBytes)
    }

    /// Beyond this the size is worked out first: what is reserved for a guess is never touched, but is reserved.
    package static let largestGuess = 8 << 20

    /// As ``pack(_:maxBytes:)`` without working out the size first, which takes a third of the time.
    ///
    // SAFETY: `bound` is what the arena holds of the message, and what it holds once for many. That is never less than its packed size: of each message
    // the arena has a struct of at least 24 bytes and 16 more per field of a length, 4 or 8 per number, and all the bytes
    // of texts and ids; packed, a message takes up to 6 bytes, and a field up to 6 besides its bytes or up to 11 as a
    // number. The smallest, a status and a value, take 40 and 48 bytes in the arena, and 19 and 17 packed.
    // An attribute that is packed already takes its bytes and 16 more; packed with the rest, its bytes and up to 6 more.
    private static func pack(_ message: UnsafePointer<ProtobufCMessage>, bound: Int) -> ByteChunk? {
        guard let memory = unsafe malloc(bound) else { return nil }
        let size = unsafe protobuf_c_message_pack(message, memory.assumingMemoryBound(to: UInt8.self))
        let start = unsafe realloc(memory, max(size, 1)) ?? memory
        return unsafe ByteChunk(
            adopting: UnsafeMutableRawBufferPointer(start: start, count: size),
            deallocate: { unsafe free($0.baseAddress) })
    }

    // SAFETY: the message says itself how many bytes it packs to; that many are allocated, and the chunk frees them.
    static func pack(
        _ message: UnsafePointer<ProtobufCMessage>, maxBytes: Int
    ) throws(TooLargeError) -> ByteChunk {
        let size = unsafe protobuf_c_message_get_packed_size(message)
        guard size <= maxBytes else { throw TooLargeError(bytes: size, limitBytes: maxBytes) }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 1)
        _ = unsafe protobuf_c_message_pack(message, memory.baseAddress?.assumingMemoryBound(to: UInt8.self))
        return unsafe ByteChunk(adopting: memory, deallocate: { unsafe $0.deallocate() })
    }
}

// SAFETY: every pointer comes from this arena and lives as long as it; nothing is read before it is written.
extension Arena {
    fileprivate mutating func traceRequest(
        _ spans: [Telemetry.SpanData], _ packed: inout PackedAttributes, resource: Telemetry.Resource
    ) -> UnsafeMutablePointer<WireTraceRequest> {
        let groups = ScopeGroups(spans)
        let list = unsafe makeList(of: WireScopeSpans.self, count: groups.scopes.count)
        for index in groups.scopes.indices {
            unsafe list[index] = unsafe scopeSpans(groups.scopes[index], capacity: groups.counts[index])
        }
        for index in spans.indices {
            unsafe append(self.span(spans[index], &packed), to: list[groups.scopeOf[index]])
        }
        let resourceSpans = unsafe make(contrail_otlp_trace__resource_spans__init)
        unsafe resourceSpans.pointee.resource = self.resource(resource)
        unsafe resourceSpans.pointee.schema_url = copy(resource.schemaURL)
        unsafe resourceSpans.pointee.n_scope_spans = groups.scopes.count
        unsafe resourceSpans.pointee.scope_spans = list

        let request = unsafe make(contrail_otlp_trace_service__export_trace_service_request__init)
        let single = unsafe makeList(of: WireResourceSpans.self, count: 1)
        unsafe single[0] = unsafe resourceSpans
        unsafe request.pointee.n_resource_spans = 1
        unsafe request.pointee.resource_spans = single
        return unsafe request
    }

    private mutating func resource(_ resource: Telemetry.Resource) -> UnsafeMutablePointer<WireResource> {
        let message = unsafe make(contrail_otlp_resource__resource__init)
        unsafe message.pointee.n_attributes = resource.attributes.count
        unsafe message.pointee.attributes = attributes(resource.attributes, depth: 4)
        return unsafe message
    }

    /// A scope with room for `capacity` spans and none in it.
    private mutating func scopeSpans(
        _ scope: Telemetry.Scope, capacity: Int
    ) -> UnsafeMutablePointer<WireScopeSpans> {
        let message = unsafe make(contrail_otlp_trace__scope_spans__init)
        unsafe message.pointee.scope = self.scope(scope)
        unsafe message.pointee.schema_url = copy(scope.schemaURL)
        unsafe message.pointee.spans = makeList(of: WireSpan.self, count: capacity)
        return unsafe message
    }

    private func append(_ span: UnsafeMutablePointer<WireSpan>, to scope: UnsafeMutablePointer<WireScopeSpans>?) {
        guard let scope = unsafe scope else { return }
        unsafe scope.pointee.spans[scope.pointee.n_spans] = unsafe span
        unsafe scope.pointee.n_spans += 1
    }

    private mutating func scope(_ scope: Telemetry.Scope) -> UnsafeMutablePointer<WireScope> {
        let message = unsafe make(contrail_otlp_common__instrumentation_scope__init)
        unsafe message.pointee.name = copy(scope.name)
        unsafe message.pointee.version = copy(scope.version)
        unsafe message.pointee.n_attributes = scope.attributes.count
        unsafe message.pointee.attributes = attributes(scope.attributes, depth: 5)
        return unsafe message
    }
}
