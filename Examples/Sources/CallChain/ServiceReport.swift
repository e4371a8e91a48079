/// What a service tells the one who started it: a line of its standard output each.
package enum ServiceReport: Sendable, Hashable {
    /// It accepts connections on this port of 127.0.0.1.
    case listening(port: Int)
    /// Its socket received a request with this `traceparent`; `nil` for none, or for more than one.
    case received(traceparent: String?)

    /// The line, without its end.
    package var line: String {
        switch self {
        case .listening(let port): "listening \(port)"
        case .received(let traceparent): "received \(traceparent ?? "-")"
        }
    }

    /// The report that a line is; `nil` for any other text.
    package init?(line: some StringProtocol) {
        let words = line.split(separator: " ")
        guard words.count == 2 else { return nil }
        switch words[0] {
        case "listening":
            guard let port = Int(words[1]), (1...65535).contains(port) else { return nil }
            self = .listening(port: port)
        case "received": self = .received(traceparent: words[1] == "-" ? nil : String(words[1]))
        default: return nil
        }
    }
}
