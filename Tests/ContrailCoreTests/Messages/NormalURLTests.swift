import ContrailTesting
import Testing

@testable import ContrailCore

/// The short way of reading a URL and the long one give the same.
@Suite struct NormalURLTests {
    private func isNormal(_ text: String) -> Bool {
        // SAFETY: the bytes are looked at inside the closure only.
        unsafe Array(text.utf8).withUnsafeBufferPointer { unsafe NormalURL($0) != nil }
    }

    /// What the parser alone makes of it.
    private func parsed(_ text: String) throws -> URLParser.Parsed {
        var parser = URLParser(text, base: nil)
        return try parser.parse(query: [:])
    }

    private func expectSameReading(_ text: String) throws {
        let parsed = try parsed(text)
        let url = try RequestURL(text)
        #expect(url.text == parsed.text, "\(text)")
        #expect(url.origin == parsed.origin, "\(text)")
        #expect(url.target.utf8.count + parsed.pathOffset == parsed.text.utf8.count, "\(text)")
    }

    @Test(arguments: [
        "http://example.com/", "https://example.com/a/b?c=d&e", "http://127.0.0.1:8080/x",
        "https://a-b.c_d.example/~u/%20",
        "http://example.com/a.b/c..d", "http://example.com/?a=/./b", "http://1a.example/", "http://example.com:81/",
        "https://example.com:80/", "http://x.test/:@!$&'()*+,;=",
    ])
    func aURLAsItIsSentIsReadInOnePass(text: String) throws {
        #expect(isNormal(text))
        try expectSameReading(text)
    }

    @Test(arguments: [
        "http://example.com", "http://example.com?a", "HTTP://example.com/", "http://Example.com/",
        "http://example.com./",
        "http://example.com:80/", "https://example.com:443/", "http://example.com:081/", "http://example.com:/",
        "http://[::1]/", "http://example.com/a b", "http://example.com/é", "http://example.com/.",
        "http://example.com/a/../b",
        "http://example.com/#f", "http://example.com/.well-known", "http://example.com/\"",
    ])
    func whatIsSentInAnotherSpellingGoesTheLongWay(text: String) throws {
        #expect(!isNormal(text))
        _ = try RequestURL(text)
    }

    @Test(arguments: [
        "http://1.2.3.256/", "http://1.2.3/", "http://0x7f.1/", "http://1.2.3.4.5/", "http://a..b/", "http://.a/",
        "http:///",
        "http://a@b/", "http://a:99999/", "http://a:0/", "http://a:8x/", "http://0177.0.0.1/", "ftp://a/", "",
        "http://\(String(repeating: "a", count: 254))/", "http://a/\(String(repeating: "b", count: 64 * 1024))",
    ])
    func whatIsRefusedIsLeftToTheParserToRefuse(text: String) {
        #expect(!isNormal(text))
        #expect(throws: InvalidURL.self) { try RequestURL(text) }
    }

    /// Every text that goes the short way, by chance, reads as on the long one.
    @Test func bothWaysAgree() throws {
        let random = SeededRandom(seed: 11)
        func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
        let pieces = [
            "http://", "https://", "a", "b1", "Z", ".", "..", "-", "_", ":", "0", "1", "80", "443", "8080", "/", "//",
            "/.", "?",
            "#", "@", "%", "%41", "=", "&", " ", "é", "[", "]", "127.0.0.1", "256", "0x1", "localhost", "\\", "\"", "~",
        ]
        var short = 0
        for _ in 0..<10_000 {
            var text =
                ["http://", "https://"][below(2)] + ["a.b", "127.0.0.1", "x:81", ""][below(4)] + ["/", ""][below(2)]
            for _ in 0..<below(6) { text += pieces[below(pieces.count)] }
            guard isNormal(text) else { continue }
            short += 1
            try expectSameReading(text)
        }
        #expect(short > 300)
    }
}
