import CallChain
import Foundation

extension Style {
    /// As wide as the terminal says and coloured if it is one; 130 columns of plain text into a pipe or a file.
    static var ofTerminal: Style {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let asked = ProcessInfo.processInfo.environment["COLUMNS"].flatMap(Int.init)
        // https://no-color.org: set and not empty means no colour.
        let isColourUnwanted = ProcessInfo.processInfo.environment["NO_COLOR"]?.isEmpty == false
        return Style(width: asked ?? (isTerminal ? terminalWidth : nil) ?? 130, colour: isTerminal && !isColourUnwanted)
    }

    private static var terminalWidth: Int? {
        var size = winsize()
        // SAFETY: ioctl writes one winsize through the pointer, during the call only.
        let status = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size)
        return status == 0 && size.ws_col > 0 ? Int(size.ws_col) : nil
    }
}
