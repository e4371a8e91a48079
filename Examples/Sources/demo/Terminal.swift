import Foundation

/// What standard output can show.
struct Terminal {
    /// Columns: as many as the terminal has, or `COLUMNS` says; 130 into a pipe or a file.
    let width: Int
    /// True if it understands colour escapes and nobody asked for plain text.
    let colour: Bool

    static var standardOutput: Terminal {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let asked = ProcessInfo.processInfo.environment["COLUMNS"].flatMap(Int.init)
        // https://no-color.org: set and not empty means no colour.
        let isColourUnwanted = ProcessInfo.processInfo.environment["NO_COLOR"]?.isEmpty == false
        return Terminal(
            width: asked ?? (isTerminal ? terminalWidth : nil) ?? 130, colour: isTerminal && !isColourUnwanted)
    }

    /// Prints the lines of a table: the heading bold, the sums dim.
    func printTable(_ lines: [String]) {
        for (index, line) in lines.enumerated() {
            let style = index == 0 ? 1 : index == lines.count - 1 ? 2 : nil
            print(style.map { colour ? "\u{1B}[\($0)m\(line)\u{1B}[0m" : line } ?? line)
        }
    }

    private static var terminalWidth: Int? {
        var size = winsize()
        // SAFETY: ioctl writes one winsize through the pointer, during the call only.
        let status = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size)
        return status == 0 && size.ws_col > 0 ? Int(size.ws_col) : nil
    }
}
