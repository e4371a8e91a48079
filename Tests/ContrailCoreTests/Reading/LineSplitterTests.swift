import ContrailTesting
import Testing

@testable import ContrailCore

@Suite struct LineSplitterTests {
    /// The lines of `chunks`, read as a stream does: whatever is there is taken before more comes.
    private func lines(
        _ chunks: [[UInt8]], _ endings: LineSplitter.Endings = .any, max: Int = 1000
    ) throws -> [String] {
        var splitter = LineSplitter(endings, maxLineBytes: max)
        var lines: [String] = []
        for chunk in chunks {
            splitter.append(chunk)
            while let line = try splitter.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        }
        splitter.end()
        while let line = try splitter.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        #expect(splitter.line == lines.count)
        return lines
    }

    private func lines(_ text: String, _ endings: LineSplitter.Endings = .any, max: Int = 1000) throws -> [String] {
        try lines([Array(text.utf8)], endings, max: max)
    }

    @Test(arguments: [
        ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]), ("a\r\nb\r\n", ["a", "b"]),
        ("a\rb\r", ["a", "b"]),
        ("\n", [""]), ("\r\n\r\n", ["", ""]), ("\n\r", ["", ""]), ("\r\r\n\n", ["", "", ""]),
        ("a\n\nb", ["a", "", "b"]),
        ("\u{FEFF}a\n\u{FEFF}b", ["a", "\u{FEFF}b"]), ("\u{FEFF}", [""]),
    ])
    func endsLinesAtLFAndCRLFAndCR(text: String, expected: [String]) throws {
        #expect(try lines(text) == expected)
    }

    @Test func lineFeedAloneEndsLinesOfJSON() throws {
        #expect(try lines("a\rb\r\nc\n", .lineFeed) == ["a\rb\r", "c"])
    }

    @Test func invalidBytesAreReplaced() throws {
        #expect(try lines([[0x61, 0xFF, 0x0A, 0xC3], [0x0A]]) == ["a\u{FFFD}", "\u{FFFD}"])
    }

    @Test(arguments: [LineSplitter.Endings.any, .lineFeed])
    func itDoesNotMatterWhereTheChunksAreCut(endings: LineSplitter.Endings) throws {
        let text = Array("\u{FEFF}data: Grüße 🎉\r\n\r\nzwei\rdrei\n\r\n\n€".utf8)
        let whole = try lines([text], endings)
        for first in 0...text.count {
            for second in first...text.count {
                let chunks = [Array(text[..<first]), Array(text[first..<second]), Array(text[second...])]
                #expect(try lines(chunks, endings) == whole)
            }
        }
        #expect(try lines(text.map { [$0] }, endings) == whole)
    }

    @Test func randomTextIsReadTheSameInAnyPieces() throws {
        let random = SeededRandom(seed: 11)
        let alphabet = Array("ab\r\n\n\r".utf8) + [0xEF, 0xBB, 0xBF, 0xC3, 0xA4, 0]
        for _ in 0..<5_000 {
            let text = (0..<Int(random.next() % 40)).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
            var pieces: [[UInt8]] = []
            var rest = text[...]
            while !rest.isEmpty {
                let count = 1 + Int(random.next() % 7)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(try lines(pieces) == lines([text]))
        }
    }

    @Test(arguments: [10, 11])
    func aLineThatIsTooLongIsRefusedWithItsNumber(count: Int) throws {
        let text = "short\n" + String(repeating: "x", count: count)
        for text in [text, text + "\n", text + "\nmore"] {
            if count <= 10 {
                #expect(try lines(text, max: 10).count >= 2)
            } else {
                #expect(throws: LineSplitter.TooLong(line: 2)) { try lines(text, max: 10) }
            }
        }
    }

    /// A peer that never ends its line is refused before it has sent it all.
    @Test func anOpenLineIsBounded() throws {
        var splitter = LineSplitter(.any, maxLineBytes: 100)
        splitter.append([UInt8](repeating: 0x78, count: 100))
        #expect(try splitter.next() == nil)
        splitter.append([0x78])
        #expect(throws: LineSplitter.TooLong(line: 1)) { try splitter.next() }
    }
}
