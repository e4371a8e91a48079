/// What is written beside a partial file that is kept: what it is a part of.
struct PartialRecord: Equatable {
    let url: RequestURL
    let validator: String
    let total: Int64?

    /// One line each. The URL stands for itself by a hash: it may hold secrets, and only has to be the same.
    var text: String {
        "contrail partial download 1\n\(Self.hash(url.text))\n\(total.map { String($0) } ?? "-")\n\(validator)\n"
    }

    /// `nil` if it is not about `url`, or cannot be read.
    init?(_ text: String, for url: RequestURL) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 5, lines[0] == "contrail partial download 1", lines[1] == Self.hash(url.text),
            lines[2] == "-" || Int64(lines[2]) != nil, !lines[3].isEmpty, lines[4].isEmpty
        else { return nil }
        self.init(url: url, validator: String(lines[3]), total: Int64(lines[2]))
    }

    init(url: RequestURL, validator: String, total: Int64?) {
        self.url = url
        self.validator = validator
        self.total = total
    }

    static let maxBytes = 4096

    /// FNV-1a, 64 bits: to tell URLs apart, not to keep them apart from an attacker, who would have to write the file.
    private static func hash(_ text: String) -> String {
        let hash = text.utf8.reduce(into: UInt64(0xcbf2_9ce4_8422_2325)) { hash, byte in
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return String(hash, radix: 16)
    }
}
