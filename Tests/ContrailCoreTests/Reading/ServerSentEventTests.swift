import ContrailTesting
import Testing

@testable import ContrailCore

@Suite struct ServerSentEventTests {
    private typealias Event = HTTPCall.ServerSentEvent

    private func read(_ chunks: [[UInt8]], max: Int = 1000) throws -> ([Event], ServerSentEventParser) {
        var splitter = LineSplitter(.any, maxLineBytes: max)
        var parser = ServerSentEventParser(maxEventBytes: max)
        var events: [Event] = []
        func drain() throws {
            while let line = try splitter.next() { if let event = try parser.take(line) { events.append(event) } }
        }
        for chunk in chunks {
            splitter.append(chunk)
            try drain()
        }
        splitter.end()
        try drain()
        return (events, parser)
    }

    private func events(_ text: String, max: Int = 1000) throws -> [Event] { try read([Array(text.utf8)], max: max).0 }

    private func event(_ data: String, _ type: String = "message", id: String = "", retry: Duration? = nil) -> Event {
        Event(event: type, data: data, id: id, retry: retry)
    }

    /// The examples of WHATWG HTML §9.2.6.
    @Test func readsTheExamplesOfTheStandard() throws {
        #expect(try events("data: YHOO\ndata: +2\ndata: 10\n\n") == [event("YHOO\n+2\n10")])
        let four = ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n"
        #expect(try events(four) == [event("first event", id: "1"), event("second event")])
        #expect(
            try events(four + "\n") == [event("first event", id: "1"), event("second event"), event(" third event")])
        #expect(try events("data\n\ndata\ndata\n\ndata:") == [event(""), event("\n")])
        #expect(try events("data:test\n\ndata: test\n\n") == [event("test"), event("test")])
    }

    @Test func typesLastForOneEvent() throws {
        #expect(try events("event: add\ndata: 1\n\ndata: 2\n\n") == [event("1", "add"), event("2")])
        // Without data there is no event, and the type is forgotten.
        #expect(try events("event: add\n\ndata: 2\n\n") == [event("2")])
    }

    @Test func theLastIDIsKept() throws {
        #expect(try events("id: 7\ndata: a\n\ndata: b\n\n") == [event("a", id: "7"), event("b", id: "7")])
        #expect(try events("id: 7\ndata: a\n\nid: x\u{0}y\ndata: b\n\n").map(\.id) == ["7", "7"])
    }

    @Test func anIDCountsOnceItsEventIsComplete() throws {
        let (_, cutOff) = try read([Array("id: 7\ndata: a\n\nid: 8\ndata: b\n".utf8)])
        #expect(cutOff.lastEventID == "7")
        let (none, alone) = try read([Array("id: 9\n\n".utf8)])
        #expect(none.isEmpty)
        #expect(alone.lastEventID == "9")
    }

    @Test(arguments: [
        ("250", Duration.milliseconds(250)), ("0", .zero), ("", nil), ("1s", nil), ("-1", nil), ("+1", nil),
        ("1.5", nil),
        ("99999999999999999999", nil),
    ])
    func retryIsDigitsOnly(value: String, expected: Duration?) throws {
        #expect(try events("retry: \(value)\ndata: a\n\n") == [event("a", retry: expected)])
    }

    @Test func commentsAndUnknownFieldsAreLeftOut() throws {
        #expect(try events(":\n:data: no\nfoo: bar\n Data: no\nDATA: no\ndata : no\ndata: a\n\n") == [event("a")])
    }

    @Test func aByteOrderMarkIsNoText() throws {
        #expect(try events("\u{FEFF}data: a\n\n") == [event("a")])
    }

    @Test func itDoesNotMatterWhereTheChunksAreCut() throws {
        let text = Array("\u{FEFF}event: ä\r\ndata: 1\rdata: 2🎉\nid: 5\n\r\n: c\n\ndata:3\r\r".utf8)
        let whole = try read([text]).0
        #expect(whole == [event("1\n2🎉", "ä", id: "5"), event("3", id: "5")])
        for first in 0...text.count {
            for second in first...text.count {
                let chunks = [Array(text[..<first]), Array(text[first..<second]), Array(text[second...])]
                #expect(try read(chunks).0 == whole)
            }
        }
    }

    /// An event is complete with its last CR: a LF that may belong to it is not waited for.
    @Test func anEventIsNotHeldBackForALineFeed() throws {
        var splitter = LineSplitter(.any, maxLineBytes: 100)
        var parser = ServerSentEventParser(maxEventBytes: 100)
        splitter.append(Array("data: a\r\n\r".utf8))
        var found: [Event] = []
        while let line = try splitter.next() { if let event = try parser.take(line) { found.append(event) } }
        #expect(found == [event("a")])
    }

    @Test func anEventIsBounded() throws {
        let nine = "data:123456789\n"
        #expect(try events(nine + "\n", max: 14).count == 1)
        #expect(throws: ServerSentEventParser.TooLarge.self) { try events(nine + nine + "\n", max: 14) }
        // What one event used the next one has again.
        #expect(try events(nine + "\n" + nine + "\n", max: 14).count == 2)
        #expect(throws: ServerSentEventParser.TooLarge.self) { try events(nine + "event:12345\n\n", max: 14) }
    }

    @Test func randomBytesNeverTrap() throws {
        let random = SeededRandom(seed: 3)
        let alphabet = Array("data: \n\n\r:idetryvn0".utf8) + [0, 0xFF]
        for _ in 0..<5_000 {
            let text = (0..<Int(random.next() % 60)).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
            let cut = text.isEmpty ? 0 : Int(random.next() % UInt64(text.count))
            let whole = try read([text]).0
            #expect(try read([Array(text[..<cut]), Array(text[cut...])]).0 == whole)
            // A body that is cut off has a beginning of its events.
            #expect(whole.starts(with: try read([Array(text[..<cut])]).0))
        }
    }
}
