/// Reads a URL that is written just as it will be sent, in one pass and without copying: nearly all are. For the rest,
/// right or wrong, there is ``URLParser``; both give the same result for what both read.
struct NormalURL {
    let scheme: Origin.Scheme
    let host: Range<Int>
    let port: Int
    /// Where path and query begin.
    let pathOffset: Int

    /// `nil` says nothing about `bytes` but that they have to be looked at more closely.
    // SAFETY: every access is below `bytes.count`, which the loops and `matches` check first.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count <= URLParser.maxBytes else { return nil }
        if unsafe Self.begins(bytes, with: "http://") {
            scheme = .http
        } else if unsafe Self.begins(bytes, with: "https://") {
            scheme = .https
        } else {
            return nil
        }
        let start = scheme == .http ? 7 : 8
        guard let hostEnd = unsafe Self.endOfHost(bytes, from: start) else { return nil }
        host = start..<hostEnd
        guard let (port, end) = unsafe Self.port(bytes, from: hostEnd, scheme), end < bytes.count,
            unsafe bytes[end] == UInt8(ascii: "/"), unsafe Self.isNormalTarget(bytes, from: end)
        else { return nil }
        self.port = port
        pathOffset = end
    }

    // SAFETY: as for init.
    private static func begins(_ bytes: UnsafeBufferPointer<UInt8>, with prefix: StaticString) -> Bool {
        guard bytes.count > prefix.utf8CodeUnitCount else { return false }
        for index in 0..<prefix.utf8CodeUnitCount where unsafe bytes[index] != prefix.utf8Start[index] { return false }
        return true
    }

    /// Names in lower case, and IPv4 addresses. Refuses what only looks like an address: it may be neither.
    // SAFETY: as for init.
    private static func endOfHost(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var (index, label, hasLetter) = (start, start, false)
        while index < bytes.count {
            let byte = unsafe bytes[index]
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"): hasLetter = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): break
            case UInt8(ascii: "."):
                guard index > label else { return nil }
                (label, hasLetter) = (index + 1, false)
            default:
                guard index > label, index - start <= 253 else { return nil }
                return unsafe isNameOrAddress(bytes, start..<index, label, hasLetter) ? index : nil
            }
            index += 1
        }
        return nil
    }

    // SAFETY: as for init.
    private static func isNameOrAddress(
        _ bytes: UnsafeBufferPointer<UInt8>, _ host: Range<Int>, _ lastLabel: Int, _ hasLetter: Bool
    ) -> Bool {
        // What begins with a digit may be a number in hexadecimal.
        let first = unsafe bytes[lastLabel]
        guard first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9") else { return true }
        guard !hasLetter else { return false }
        return unsafe URLHost.isIPv4(UnsafeBufferPointer(rebasing: bytes[host]))
    }

    /// Digits that mean what they show: a port of the scheme's own is left out, and none begins with 0.
    // SAFETY: as for init.
    private static func port(
        _ bytes: UnsafeBufferPointer<UInt8>, from colon: Int, _ scheme: Origin.Scheme
    ) -> (port: Int, end: Int)? {
        guard unsafe bytes[colon] == UInt8(ascii: ":") else { return (scheme.defaultPort, colon) }
        var (port, index) = (0, colon + 1)
        while index < bytes.count, case let byte = unsafe bytes[index], byte >= UInt8(ascii: "0"),
            byte <= UInt8(ascii: "9")
        {
            port = port * 10 + Int(byte - UInt8(ascii: "0"))
            guard port > 0, port <= 65535 else { return nil }
            index += 1
        }
        return port == 0 || port == scheme.defaultPort ? nil : (port, index)
    }

    /// Nothing to encode, no dot segment, no fragment.
    // SAFETY: as for init.
    private static func isNormalTarget(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
        var isInPath = true
        var previous = UInt8(ascii: "/")
        for index in (start + 1)..<bytes.count {
            let byte = unsafe bytes[index]
            guard PercentEncoding.urlByte(byte) else { return false }
            if isInPath {
                if byte == UInt8(ascii: "."), previous == UInt8(ascii: "/") { return false }
                if byte == UInt8(ascii: "?") { isInPath = false }
            }
            previous = byte
        }
        return true
    }
}
