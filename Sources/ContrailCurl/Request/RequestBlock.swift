import CContrailCurlShim
import ContrailCore
import HTTPTypes

/// A checked request in the form that libcurl reads: one allocation, built on the sender's thread.
///
// SAFETY: the memory is written in init and only read afterwards, by one loop thread. Freed once, in deinit, which
// is after the transfer was taken back from libcurl, since the transfer owns the block.
@safe final class RequestBlock: @unchecked Sendable {
    private let raw: UnsafeMutablePointer<contrail_request>
    let shape: RequestRules.Shape
    /// The method is not the one that libcurl sends for the shape by itself.
    let namesMethod: Bool
    /// How the body of the response is decoded; `nil`: not at all.
    let decoding: ContentDecoding?

    var url: UnsafePointer<CChar>? { unsafe raw.pointee.url }
    var method: UnsafePointer<CChar>? { unsafe raw.pointee.method }
    var headers: UnsafeMutablePointer<curl_slist>? { unsafe raw.pointee.headers }

    /// Throws an objection if the request may not be sent as it is.
    init(_ request: WireRequest) throws(RequestRules.Objection) {
        let method = request.method.rawValue
        guard RequestRules.isToken(method) else { throw .init(text: "the method is not a token") }
        guard RequestRules.isURL(request.url.text) else {
            throw .init(text: "the URL has a character that must be percent-encoded")
        }
        let shape = try RequestRules.shape(method: method, hasBody: request.body != nil)
        self.shape = shape
        namesMethod = RequestRules.mustNameMethod(method, shape)
        let (block, decoding) = unsafe try Self.make(request, shape)
        unsafe raw = block
        self.decoding = decoding
    }

    deinit { unsafe contrail_request_destroy(raw) }

    /// With room for fields as they mostly are; measured only if these need more.
    // SAFETY: a block is this function's alone until it returns it.
    private static func make(
        _ request: WireRequest, _ shape: RequestRules.Shape
    ) throws(RequestRules.Objection) -> (UnsafeMutablePointer<contrail_request>, ContentDecoding?) {
        let fields = request.headers.count + maxOwnFields
        var text = request.url.text.utf8.count + request.method.rawValue.utf8.count + 2 + fields * 96
        for _ in 0..<2 {
            guard let block = unsafe contrail_request_create(fields, text) else { throw .init(text: "out of memory") }
            do throws(Refusal) {
                return unsafe (block, try fill(block, request, shape))
            } catch {
                unsafe contrail_request_destroy(block)
                if case .objection(let objection) = error { throw objection }
            }
            text = textBytes(request)
        }
        throw .init(text: "the request changed while it was read")
    }

    private enum Refusal: Error {
        case objection(RequestRules.Objection)
        case noRoom
    }

    private static func textBytes(_ request: WireRequest) -> Int {
        request.headers.reduce(request.url.text.utf8.count + request.method.rawValue.utf8.count + 2) { sum, field in
            // SAFETY: the bytes are counted inside the closure only.
            let value = unsafe field.withUnsafeBytesOfValue { $0.count }
            return sum + contrail_field_room(field.name.rawName.utf8.count, value)
        }
    }

    // SAFETY: every pointer given to C is used inside the call; the C side checks its room and copies.
    private static func fill(
        _ block: UnsafeMutablePointer<contrail_request>, _ request: WireRequest, _ shape: RequestRules.Shape
    ) throws(Refusal) -> ContentDecoding? {
        unsafe try put(request.url.text, contrail_request_put_url, block)
        unsafe try put(request.method.rawValue, contrail_request_put_method, block)
        var given = GivenFields()
        for field in request.headers {
            let name = field.name.canonicalName
            guard RequestRules.treatment(of: name) == .send else { continue }
            given.note(name)
            unsafe try put(field, block)
        }
        let decoding = request.decoding.isEnabled && !given.contains(.coding) ? request.decoding : nil
        guard unsafe putOwnFields(block, shape, given, decodes: decoding != nil) else { throw .noRoom }
        return decoding
    }

    private static let maxOwnFields = 4
    // SAFETY: static text, never written.
    private static nonisolated(unsafe) let acceptEncoding = unsafe contrail_libcurl_accept_encoding()

    /// The codings, and fields that libcurl would add by itself: what the caller did not ask for does not go out. libcurl
    /// goes through all fields a dozen times per request, so those it adds to bodies only are named with bodies only.
    // SAFETY: the texts are static.
    private static func putOwnFields(
        _ block: UnsafeMutablePointer<contrail_request>, _ shape: RequestRules.Shape, _ given: GivenFields,
        decodes: Bool
    ) -> Bool {
        // As a field of ours it is printed once; libcurl prints its own twice, and slowly.
        if decodes, unsafe !contrail_request_put_static(block, acceptEncoding) { return false }
        if !given.contains(.accept), unsafe !putStatic("Accept:", block) { return false }
        guard shape == .body else { return true }
        if !given.contains(.contentType), unsafe !putStatic("Content-Type:", block) { return false }
        return unsafe putStatic("Expect:", block)
    }

    // SAFETY: a static string is NUL-terminated and lives for ever; a String's pointer would not outlive the call.
    private static func putStatic(_ line: StaticString, _ block: UnsafeMutablePointer<contrail_request>) -> Bool {
        let text = unsafe UnsafeRawPointer(line.utf8Start).assumingMemoryBound(to: CChar.self)
        return unsafe contrail_request_put_static(block, text)
    }

    // SAFETY: as for fill.
    private static func put(
        _ text: String, _ function: (UnsafeMutablePointer<contrail_request>, UnsafeRawPointer, Int) -> Bool,
        _ block: UnsafeMutablePointer<contrail_request>
    ) throws(Refusal) {
        var text = text
        let fits = text.withUTF8 { bytes in
            guard let base = bytes.baseAddress else { return false }
            return unsafe function(block, base, bytes.count)
        }
        guard fits else { throw .noRoom }
    }

    // SAFETY: as for fill.
    private static func put(
        _ field: HTTPField, _ block: UnsafeMutablePointer<contrail_request>
    ) throws(Refusal) {
        var name = field.name.rawName
        let result = name.withUTF8 { name in
            unsafe field.withUnsafeBytesOfValue { value in
                guard let start = name.baseAddress else { return CONTRAIL_PUT_BAD_NAME }
                return unsafe contrail_request_put_field(block, start, name.count, value.baseAddress, value.count)
            }
        }
        switch result {
        case CONTRAIL_PUT_DONE: return
        case CONTRAIL_PUT_BAD_NAME: throw .objection(.init(text: "a header name is not a token"))
        case CONTRAIL_PUT_BAD_VALUE:
            throw .objection(.init(text: "the value of the header \(field.name.rawName) has a control character"))
        default: throw .noRoom
        }
    }
}

/// What the caller set of the fields that somebody else would set otherwise.
private struct GivenFields: OptionSet {
    let rawValue: UInt8

    static var accept: Self { Self(rawValue: 1) }
    static var contentType: Self { Self(rawValue: 2) }
    /// What the caller asked for by a field of its own is what it gets, and the middle of an encoded body cannot be
    /// decoded.
    static var coding: Self { Self(rawValue: 4) }

    init(rawValue: UInt8 = 0) { self.rawValue = rawValue }

    /// By the length first: most names are none of these.
    mutating func note(_ canonicalName: String) {
        switch canonicalName.utf8.count {
        case 5 where canonicalName == "range": insert(.coding)
        case 6 where canonicalName == "accept": insert(.accept)
        case 12 where canonicalName == "content-type": insert(.contentType)
        case 15 where canonicalName == "accept-encoding": insert(.coding)
        default: break
        }
    }
}
