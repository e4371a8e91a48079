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
    private let parsed = Locked<HTTPFields?>(nil)

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var fields: HTTPFields {
        if let known = parsed.withLock({ $0 }) { return known }
        let fields = Self.parse(bytes)
        parsed.withLock { $0 = fields }
        return fields
    }

    /// The fields behind the status line.
    static func parse(_ bytes: [UInt8]) -> HTTPFields {
        var fields = HTTPFields()
        for line in bytes.split(separator: UInt8(ascii: "\n")).dropFirst() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            guard let name = HTTPField.Name(String(decoding: line[..<colon], as: UTF8.self)) else { continue }
            fields.append(HTTPField(name: name, lenientValue: trimmed(line[(colon + 1)...])))
        }
        return fields
    }

    /// The text behind the status code; "" if there is none.
    static func reason(_ bytes: [UInt8]) -> String {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count == 3 ? String(decoding: trimmed(parts[2]), as: UTF8.self) : ""
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
        return ResponseHead(status: status, version: version, source: RawHead(bytes))
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
