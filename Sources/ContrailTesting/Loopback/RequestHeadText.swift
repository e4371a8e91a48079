package import HTTPTypes

/// The head of a request as it came, and what it says.
package struct RequestHeadText: Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package struct Parsed: Sendable {
        package var method: String
        /// The path with its query.
        package var target: String
        package var headers: HTTPFields
    }

    /// `nil` if it is no request head.
    package func parsed() -> Parsed? {
        guard let (method, target) = requestLine else { return nil }
        var headers = HTTPFields()
        for line in lines.dropFirst() where !line.isEmpty {
            guard let colon = line.firstIndex(of: ":"), let name = HTTPField.Name(String(line[..<colon])) else {
                return nil
            }
            headers.append(HTTPField(name: name, value: String(line[line.index(after: colon)...].drop { $0 == " " })))
        }
        return Parsed(method: method, target: target, headers: headers)
    }

    /// The first line's method and target; `nil` if it is no request line.
    package var requestLine: (method: String, target: String)? {
        let words = lines.first?.split(separator: " ") ?? []
        return words.count == 3 ? (String(words[0]), String(words[1])) : nil
    }

    /// The value of the first field of that name, which is lower case.
    package func first(_ name: String) -> String? {
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name else { continue }
            return String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        return nil
    }

    private var lines: [Substring] { text.split(separator: "\r\n", omittingEmptySubsequences: false) }
}
