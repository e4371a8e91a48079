import CContrailCurlShim
import ContrailBase
import ContrailCore
import HTTPTypes

/// The header fields of a response as they came, turned into fields when first asked for.
///
/// Lines are ended by LF and hold no NUL; folded lines are joined already. Values keep their bytes (Latin-1 included,
/// RFC 9110 §5.5); a line that is no field is left out.
final class RawHead: HeaderSource {
    private let bytes: [UInt8]
    /// The body was decoded: the fields that describe it as it came are left out.
    private let isDecoded: Bool
    private let parsed = Locked<HTTPFields?>(nil)

    init(_ bytes: [UInt8], isDecoded: Bool = false) {
        self.bytes = bytes
        self.isDecoded = isDecoded
    }

    var fields: HTTPFields {
        if let known = parsed.withLock({ $0 }) { return known }
        var fields = Self.parse(bytes)
        if isDecoded {
            fields[.contentEncoding] = nil
            fields[.contentLength] = nil
        }
        parsed.withLock { $0 = fields }
        return fields
    }

    var decodedFrom: String? { isDecoded ? Self.parse(bytes)[.contentEncoding] : nil }

    /// The fields behind the status line.
    static func parse(_ bytes: [UInt8]) -> HTTPFields {
        guard let statusEnd = bytes.firstIndex(of: lineFeed) else { return [:] }
        return fields(bytes[(statusEnd + 1)...])
    }

    /// Fields without a status line before them.
    static func trailers(_ bytes: [UInt8]) -> HTTPFields { fields(bytes[...]) }

    private static func fields(_ lines: ArraySlice<UInt8>) -> HTTPFields {
        var fields = HTTPFields()
        var rest = lines
        while !rest.isEmpty {
            let end = rest.firstIndex(of: lineFeed) ?? rest.endIndex
            if let field = field(rest[..<end]) { fields.append(field) }
            rest = rest[end...].dropFirst()
        }
        return fields
    }

    private static func field(_ line: ArraySlice<UInt8>) -> HTTPField? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
            let name = HTTPField.Name(String(decoding: line[..<colon], as: UTF8.self))
        else { return nil }
        return HTTPField(name: name, lenientValue: trimmed(line[(colon + 1)...]))
    }

    private static let lineFeed = UInt8(ascii: "\n")

    /// The text behind the status code; "" if there is none.
    static func reason(_ bytes: [UInt8]) -> String {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        let space = UInt8(ascii: " ")
        guard let first = line.firstIndex(of: space), let second = line[(first + 1)...].firstIndex(of: space) else {
            return ""
        }
        return String(decoding: trimmed(line[(second + 1)...]), as: UTF8.self)
    }

    /// Interim responses: heads with an empty line behind each.
    static func interim(_ bytes: [UInt8]) -> [ResponseHead] {
        var heads: [ResponseHead] = []
        var lines: [ArraySlice<UInt8>] = []
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            guard line.isEmpty else {
                lines.append(line)
                continue
            }
            if !lines.isEmpty { heads.append(head(Array(lines.joined(separator: [UInt8(ascii: "\n")])))) }
            lines = []
        }
        return heads
    }

    /// The status line was looked at when it came: three digits are where they should be.
    private static func head(_ bytes: [UInt8]) -> ResponseHead {
        let code = bytes.drop { $0 != UInt8(ascii: " ") }.drop { $0 == UInt8(ascii: " ") }.prefix(3)
        let status = HTTPResponse.Status(
            code: Int(String(decoding: code, as: UTF8.self)) ?? 100, reasonPhrase: reason(bytes))
        return ResponseHead(status: status, version: nil, source: RawHead(bytes))
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let first = bytes.firstIndex(where: isNotSpace), let last = bytes.lastIndex(where: isNotSpace) else {
            return []
        }
        return bytes[first...last]
    }

    private static func isNotSpace(_ byte: UInt8) -> Bool { byte != 0x20 && byte != 0x09 }
}

extension Slot {
    /// The head of the final response; to be called only if it is complete.
    func head() -> ResponseHead {
        // SAFETY: here and below, read on the loop's thread; the slot is valid, see Slot.
        let bytes = headBytes()
        let status = HTTPResponse.Status(
            code: min(max(unsafe Int(raw.pointee.status), 0), 999), reasonPhrase: RawHead.reason(bytes))
        return ResponseHead(status: status, version: version, source: RawHead(bytes, isDecoded: isDecoded))
    }

    /// Encoded, and there is a body: to HEAD, and with 204 and 304 (RFC 9110 §6.4.1), the fields describe one that did not come.
    private var isDecoded: Bool {
        guard unsafe raw.pointee.encoded, unsafe raw.pointee.status != 204, unsafe raw.pointee.status != 304 else {
            return false
        }
        return transfer?.block.shape != .head
    }

    /// The fields behind the body, and the interim responses before the head: none, almost always.
    func trailers() -> HTTPFields {
        let bytes = unsafe lines(raw.pointee.trailers)
        return bytes.isEmpty ? [:] : RawHead.trailers(bytes)
    }

    func interimResponses() -> [ResponseHead] {
        let bytes = unsafe lines(raw.pointee.interim)
        return bytes.isEmpty ? [] : RawHead.interim(bytes)
    }

    // SAFETY: the lines are the slot's, which holds `count` bytes there and changes nothing during the call.
    private func lines(_ lines: contrail_lines) -> [UInt8] {
        guard let start = unsafe lines.bytes, unsafe lines.count > 0 else { return [] }
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: lines.count))
    }

    private var version: ResponseHead.Version? {
        switch unsafe (raw.pointee.version_major, raw.pointee.version_minor) {
        case (1, 0): .http10
        case (1, 1): .http11
        case (2, _): .http2
        case (3, _): .http3
        default: nil
        }
    }
}
