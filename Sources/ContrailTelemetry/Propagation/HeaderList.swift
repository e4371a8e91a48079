public import Tracing

extension Telemetry {
    /// Gives propagators access to a list of header fields as they came: names in any case, and more than once.
    public struct HeaderList: KeyListingExtractor, Injector {
        /// A header field.
        public typealias Field = (name: String, value: String)

        /// Makes the access. Free of cost.
        public init() {}

        /// The values of all fields of this name, whatever its case, joined by commas in order (RFC 9110 §5.3).
        public func extract(key: String, from fields: [Field]) -> String? {
            let values = fields.filter { $0.name.isSameName(as: key) }.map(\.value)
            return values.isEmpty ? nil : values.joined(separator: ",")
        }

        /// Removes every field of this name, whatever its case, and adds one.
        public func inject(_ value: String, forKey key: String, into fields: inout [Field]) {
            fields.removeAll { $0.name.isSameName(as: key) }
            fields.append((key, value))
        }

        /// The names, in lower case.
        public func keys(in fields: [Field]) -> [String] {
            var seen: Set<String> = []
            return fields.map { $0.name.lowercased() }.filter { seen.insert($0).inserted }
        }
    }
}

extension String {
    /// Compared as header names are: ASCII letters without case, everything else as it is (RFC 9110 §5.1).
    fileprivate func isSameName(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return zip(utf8, other.utf8).allSatisfy { $0.loweringASCII == $1.loweringASCII }
    }
}

extension UInt8 {
    fileprivate var loweringASCII: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
