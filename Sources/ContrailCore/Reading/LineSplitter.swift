import ContrailBase

/// Cuts a body that comes in chunks into lines. Pure: chunks in, lines out, wherever the chunks were cut.
///
/// Holds one chunk and the line that is open, at most `maxLineBytes` of it. A byte order mark at the very beginning is
/// no text and is left out (WHATWG Encoding, "UTF-8 decode").
struct LineSplitter: Sendable {
    /// What ends a line.
    enum Endings: Sendable {
        /// CRLF, LF, or CR alone: the rule of server-sent events (WHATWG HTML §9.2.5), and what text in the wild needs.
        case any
        /// LF only. A CR before it stays; to JSON it is a space.
        case lineFeed
    }

    struct TooLong: Error, Equatable {
        let line: Int
    }

    private let endings: Endings
    private let maxLineBytes: Int
    private var buffer: [UInt8] = []
    /// Where the open line begins.
    private var start = 0
    /// No line ends before this.
    private var scanned = 0
    /// The last line was ended by a CR; a LF that comes next belongs to it.
    private var skipsLineFeed = false
    private var isEnded = false
    /// The number of the line that came last, from 1.
    private(set) var line = 0

    init(_ endings: Endings, maxLineBytes: Int) {
        self.endings = endings
        self.maxLineBytes = maxLineBytes
    }

    /// More of the body. To be called when ``next()`` has nothing left, so that no more than one chunk is held.
    mutating func append(_ chunk: some Collection<UInt8>) {
        if start > 0 {
            buffer.removeFirst(start)
            scanned -= start
            start = 0
        }
        buffer.append(contentsOf: chunk)
    }

    /// The body is complete: what is open is the last line.
    mutating func end() { isEnded = true }

    /// The next line without its ending, or `nil` if it is not there yet, or was the last.
    mutating func next() throws(TooLong) -> ArraySlice<UInt8>? {
        skipLineFeed()
        guard let end = buffer[scanned...].firstIndex(where: isEnding) else { return try openLine() }
        let range = start..<end
        skipsLineFeed = endings == .any && buffer[end] == UInt8(ascii: "\r")
        start = end + 1
        scanned = start
        return try take(range)
    }

    private mutating func openLine() throws(TooLong) -> ArraySlice<UInt8>? {
        scanned = buffer.count
        guard isEnded, start < buffer.count else {
            guard buffer.count - start <= maxLineBytes else { throw TooLong(line: line + 1) }
            return nil
        }
        let range = start..<buffer.count
        start = buffer.count
        return try take(range)
    }

    private mutating func take(_ range: Range<Int>) throws(TooLong) -> ArraySlice<UInt8> {
        line += 1
        guard range.count <= maxLineBytes else { throw TooLong(line: line) }
        let bytes = buffer[range]
        return line == 1 && bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes
    }

    private mutating func skipLineFeed() {
        guard skipsLineFeed, scanned < buffer.count else { return }
        skipsLineFeed = false
        if buffer[scanned] == UInt8(ascii: "\n") {
            start += 1
            scanned += 1
        }
    }

    private func isEnding(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\n") || (byte == UInt8(ascii: "\r") && endings == .any)
    }
}
