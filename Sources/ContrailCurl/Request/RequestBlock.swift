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

    var url: UnsafePointer<CChar>? { unsafe raw.pointee.url }
    var method: UnsafePointer<CChar>? { unsafe raw.pointee.method }
    var headers: UnsafeMutablePointer<curl_slist>? { unsafe raw.pointee.headers }

    /// Throws an objection if the request may not be sent as it is.
    init(_ request: WireRequest) throws(RequestRules.Objection) {
        let method = request.method.rawValue
        guard RequestRules.isToken(method) else { throw .init(text: "the method is not a token") }
        shape = try RequestRules.shape(method: method, hasBody: request.body != nil)
        namesMethod = RequestRules.mustNameMethod(method, shape)
        guard request.url.text.utf8.allSatisfy(RequestRules.isURLByte) else {
            throw .init(text: "the URL has a character that must be percent-encoded")
        }
        let room = try Self.measure(request)
        // SAFETY: the block is ours alone until init returns.
        guard let block = unsafe contrail_request_create(room.fields, room.text) else {
            throw .init(text: "out of memory")
        }
        unsafe raw = block
        guard unsafe Self.fill(block, request, shape) else {
            throw .init(text: "the request changed while it was read")
        }
    }

    deinit { unsafe contrail_request_destroy(raw) }

    /// Fields that libcurl would add by itself; what the caller did not ask for does not go out. libcurl goes through all
    /// fields a dozen times per request, so those it adds to bodies only are named with bodies only.
    private static let suppressible: [(name: String, spelling: StaticString, withBodyOnly: Bool)] = [
        ("accept", "Accept:", false), ("content-type", "Content-Type:", true), ("expect", "Expect:", true),
    ]

    private static func measure(_ request: WireRequest) throws(RequestRules.Objection) -> (fields: Int, text: Int) {
        var fields = suppressible.count
        var text = request.url.text.utf8.count + request.method.rawValue.utf8.count + 2
        for field in request.headers {
            guard RequestRules.isToken(field.name.rawName) else { throw .init(text: "a header name is not a token") }
            // SAFETY: the bytes are looked at inside the closure only.
            let valid = unsafe field.withUnsafeBytesOfValue { bytes in
                text += contrail_field_room(field.name.rawName.utf8.count, bytes.count)
                return unsafe bytes.allSatisfy(RequestRules.isFieldValueByte)
            }
            guard valid else {
                throw .init(text: "the value of the header \(field.name.rawName) has a control character")
            }
            fields += 1
        }
        return (fields, text)
    }

    // SAFETY: every pointer given to C is used inside the call; the C side checks its room and copies.
    private static func fill(
        _ block: UnsafeMutablePointer<contrail_request>, _ request: WireRequest, _ shape: RequestRules.Shape
    ) -> Bool {
        var url = request.url.text
        var method = request.method.rawValue
        guard url.withUTF8({ unsafe put($0, contrail_request_put_url, block) }),
            method.withUTF8({ unsafe put($0, contrail_request_put_method, block) })
        else { return false }
        var hasAccept = false
        var hasContentType = false
        for field in request.headers {
            let name = field.name.canonicalName
            guard RequestRules.treatment(of: name) == .send else { continue }
            hasAccept = hasAccept || name == "accept"
            hasContentType = hasContentType || name == "content-type"
            guard unsafe put(field, block) else { return false }
        }
        for (name, spelling, withBodyOnly) in suppressible {
            if name == "accept" && hasAccept || name == "content-type" && hasContentType { continue }
            if withBodyOnly, shape != .body { continue }
            let text = unsafe UnsafeRawPointer(spelling.utf8Start).assumingMemoryBound(to: CChar.self)
            guard unsafe contrail_request_suppress_field(block, text) else { return false }
        }
        return true
    }

    // SAFETY: as for fill.
    private static func put(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ function: (UnsafeMutablePointer<contrail_request>, UnsafeRawPointer, Int) -> Bool,
        _ block: UnsafeMutablePointer<contrail_request>
    ) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        return unsafe function(block, base, bytes.count)
    }

    // SAFETY: as for fill.
    private static func put(_ field: HTTPField, _ block: UnsafeMutablePointer<contrail_request>) -> Bool {
        var name = field.name.rawName
        return name.withUTF8 { name in
            guard let start = name.baseAddress else { return false }
            return unsafe field.withUnsafeBytesOfValue { value in
                unsafe contrail_request_put_field(block, start, name.count, value.baseAddress, value.count)
            }
        }
    }
}
