/// How text is put on a terminal.
package struct TextStyle: Sendable {
    /// Columns.
    package var width: Int
    /// True if colour escapes are understood.
    package var colour: Bool

    package init(width: Int, colour: Bool) {
        self.width = width
        self.colour = colour
    }

    enum Paint: Int, Sendable {
        case bold = 1
        case dim = 2
        case red = 31
        case green = 32
        case cyan = 36
    }

    func paint(_ text: some StringProtocol, _ paint: Paint?) -> String {
        guard colour, let paint else { return String(text) }
        return "\u{1B}[\(paint.rawValue)m\(text)\u{1B}[0m"
    }
}

extension String {
    /// Exactly `width` characters: filled up on the right, or cut with an ellipsis.
    func padded(to width: Int) -> String {
        count <= width
            ? self + String(repeating: " ", count: width - count) : String(prefix(max(0, width - 1))) + "…"
    }

    /// At least `width` characters, filled up on the left.
    func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

/// Milliseconds for people: 0.42 ms, 12.3 ms, 312 ms, 1.53 s.
func readable(milliseconds value: Double) -> String {
    switch value {
    case ..<1: "\(rounded(value, places: 2)) ms"
    case ..<100: "\(rounded(value, places: 1)) ms"
    case ..<1000: "\(rounded(value, places: 0)) ms"
    default: "\(rounded(value / 1000, places: 2)) s"
    }
}

private func rounded(_ value: Double, places: Int) -> String {
    let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
    // A span of 2^64 ns has fewer digits than a Double holds whole.
    let whole = Int((max(0, value) * scale).rounded())
    guard places > 0 else { return "\(whole)" }
    let fraction = String(whole % Int(scale))
    return "\(whole / Int(scale))." + String(repeating: "0", count: places - fraction.count) + fraction
}
