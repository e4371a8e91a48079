/// How text is put on the terminal.
package struct Style: Sendable {
    /// Columns.
    package var width: Int
    /// True if colour escapes are understood.
    package var colour: Bool

    package init(width: Int, colour: Bool) {
        self.width = width
        self.colour = colour
    }

    package enum Paint: Int, Sendable {
        case bold = 1
        case dim = 2
        case red = 31
        case green = 32
        case yellow = 33
        case cyan = 36
    }

    package func paint(_ text: some StringProtocol, _ paint: Paint?) -> String {
        guard colour, let paint else { return String(text) }
        return "\u{1B}[\(paint.rawValue)m\(text)\u{1B}[0m"
    }
}

extension String {
    /// Exactly `width` characters: filled up on the right, or cut with an ellipsis.
    package func padded(to width: Int) -> String {
        count <= width
            ? self + String(repeating: " ", count: width - count) : String(prefix(max(0, width - 1))) + "…"
    }

    /// At least `width` characters, filled up on the left.
    package func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

/// Milliseconds for people: 0.42 ms, 12.3 ms, 312 ms, 1.53 s.
package func readable(milliseconds value: Double) -> String {
    switch value {
    case ..<1: "\(rounded(value, places: 2)) ms"
    case ..<100: "\(rounded(value, places: 1)) ms"
    case ..<1000: "\(rounded(value, places: 0)) ms"
    default: "\(rounded(value / 1000, places: 2)) s"
    }
}

// Foundation's formatting would be the only thing this module needs Foundation for.
private func rounded(_ value: Double, places: Int) -> String {
    let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
    let whole = Int((max(0, value) * Double(scale)).rounded())
    guard places > 0 else { return "\(whole)" }
    let fraction = String(whole % scale)
    return "\(whole / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
}
