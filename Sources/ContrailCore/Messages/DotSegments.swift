/// Removal of `.` and `..` from a path (RFC 3986 §5.2.4), so that the span shows the path that is sent.
enum DotSegments {
    /// Rewrites `output[pathStart...]`, which begins with a slash. Costs a scan when there is nothing to remove.
    static func remove(from output: inout [UInt8], pathStart: Int) {
        let slash = UInt8(ascii: "/")
        let dot = UInt8(ascii: ".")
        guard zip(output[pathStart...], output[(pathStart + 1)...]).contains(where: { $0 == slash && $1 == dot }) else {
            return
        }
        var kept: [ArraySlice<UInt8>] = []
        let segments = output[(pathStart + 1)...].split(separator: slash, omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            if segment.elementsEqual([dot]) {
                if isLast { kept.append([]) }
            } else if segment.elementsEqual([dot, dot]) {
                if !kept.isEmpty { kept.removeLast() }
                if isLast { kept.append([]) }
            } else {
                kept.append(segment)
            }
        }
        let path = kept.joined(separator: [slash])
        output.replaceSubrange((pathStart + 1)..., with: Array(path))
    }
}
