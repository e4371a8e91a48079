import Testing

@testable import ContrailCore

@Suite struct RequestURLTests {
    @Test(arguments: [
        ("http://example.com", "http://example.com/"),
        ("HTTP://EXAMPLE.com:80/a?b#c", "http://example.com/a?b#c"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("https://example.com:443", "https://example.com/"),
        ("http://example.com?x=1", "http://example.com/?x=1"),
        ("http://[2001:DB8::1]:81/p", "http://[2001:db8::1]:81/p"),
        ("http://127.0.0.1:80/", "http://127.0.0.1/"),
        ("http://example.com/a b", "http://example.com/a%20b"),
        ("http://example.com/ü", "http://example.com/%C3%BC"),
        ("http://example.com/a%20b", "http://example.com/a%20b"),
        ("http://example.com/a/../b/./c", "http://example.com/b/c"),
        ("http://example.com/../..", "http://example.com/"),
        ("http://example.com/a/..", "http://example.com/"),
        ("http://example.com/.well-known/x", "http://example.com/.well-known/x"),
        ("http://example.com/a\\b", "http://example.com/a%5Cb"),
        ("http://example.com/?q={\"a\":1}", "http://example.com/?q=%7B%22a%22:1%7D"),
        ("http://example.com./", "http://example.com./"),
        ("http://under_score.example/", "http://under_score.example/"),
    ])
    func hasOneSpelling(text: String, expected: String) throws {
        #expect(try RequestURL(text).text == expected)
    }

    @Test(arguments: [
        "", "example.com", "/path", "ftp://example.com/", "file:///etc/passwd", "http:/example.com", "http://",
        "http:///path", "http://user:secret@example.com/", "http://user@example.com", "http://example.com:0/",
        "http://example.com:65536/", "http://example.com:8o/", "http://example.com:-1/", "http://0x7f.1/",
        "http://2130706433/", "http://127.1/", "http://0177.0.0.1/", "http://1.2.3.4.5/", "http://1.2.3.256/",
        "http://exa mple.com/", "http://exämple.com/", "http://a..b/", "http://./", "http://[::1", "http://[1.2.3.4]/",
        "http://[::g]/", "http://exam%70le.com/", "http://example.com\r\nHost: evil/", "http://example.com/\u{0}",
        "http://a@b@c/", "http://\\evil/", "javascript://example.com/",
    ])
    func refusesWhatParsersReadDifferently(text: String) {
        #expect(throws: InvalidURL.self) { try RequestURL(text) }
    }

    /// A slash, question mark or hash in a password ends the authority early.
    @Test(arguments: [
        "http://user:hunter2@example.com/", "http://user:hunter2/x@example.com/", "http://user:hunter2?x@example.com/",
        "http://user:hunter2#x@example.com/",
    ])
    func refusalShowsNoCredentials(text: String) {
        #expect { try RequestURL(text) } throws: { !"\($0)".contains("hunter2") }
    }

    @Test(arguments: ["::", "::1", "1::", "fe80::1:2", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1::8"])
    func ipv6AddressesAreRead(address: String) throws {
        #expect(try RequestURL("http://[\(address)]/").origin.host == address)
    }

    @Test(arguments: [
        "::::", ":::", "1:2:3:4:5:6:7:8:9", "1:2:3", "12345::", "1::2::3", "::1.2.3", "::256.1.1.1", ":", "",
    ])
    func whatIsNoIPv6AddressIsRefused(address: String) {
        #expect(throws: InvalidURL.self) { try RequestURL("http://[\(address)]/") }
    }

    @Test(arguments: [
        ("users", "http://api.test/v1/users"), ("/users", "http://api.test/v1/users"), ("", "http://api.test/v1"),
        ("users?x=1", "http://api.test/v1/users?x=1"), ("?x=1", "http://api.test/v1?x=1"),
        ("https://other.test/a", "https://other.test/a"), ("a:b", "http://api.test/v1/a:b"),
        ("#f", "http://api.test/v1#f"),
    ])
    func appendsToTheBase(text: String, expected: String) throws {
        let base = try RequestURL("http://api.test/v1")
        #expect(try RequestURL(text, base: base).text == expected)
    }

    @Test func leavesOutQueryAndFragmentOfTheBase() throws {
        let base = try RequestURL("http://api.test/v1/?old=1#old")
        #expect(try RequestURL("users", base: base).text == "http://api.test/v1/users")
    }

    @Test func refusesToLeaveTheBasesHost() throws {
        let base = try RequestURL("http://api.test/v1")
        #expect(throws: InvalidURL.self) { try RequestURL("//evil.test/", base: base) }
    }

    @Test func encodesQueryItems() throws {
        let url = try RequestURL("http://a.test/s?x=1#f", base: nil, query: ["q": "a&b=c d/ü", "flag": nil])
        #expect(url.text == "http://a.test/s?x=1&q=a%26b%3Dc%20d%2F%C3%BC&flag#f")
    }

    @Test func splitsTargetFromFragment() throws {
        let url = try RequestURL("http://a.test/p/q?x=1#f")
        #expect(url.target == "/p/q?x=1")
        #expect(url.path == "/p/q")
        #expect(url.origin == Origin(scheme: .http, host: "a.test", port: 80))
    }

    @Test(arguments: [
        ("http://a.test/?sig=abc&x=1", "http://a.test/?sig=REDACTED&x=1"),
        ("http://a.test/?x=1&API_KEY=abc#f", "http://a.test/?x=1&API_KEY=REDACTED#f"),
        ("http://a.test/?x=1", "http://a.test/?x=1"),
        ("http://a.test/#access_token=abc&x=1", "http://a.test/#access_token=REDACTED&x=1"),
        ("http://a.test/?sig=a#token=b", "http://a.test/?sig=REDACTED#token=REDACTED"),
    ])
    func descriptionHidesSecrets(text: String, expected: String) throws {
        #expect("\(try RequestURL(text))" == expected)
    }

    @Test(arguments: [
        "http://a.test/x", "https://a.test", "http://a.test:8080/?q#f", "https://[::1]:80/", "http://[::1]/",
        "http://1.2.3.4/",
    ])
    func theOriginIsReadOffTheText(text: String) throws {
        let url = try RequestURL(text)
        #expect(url.originDescription == url.origin.description)
    }

    @Test func originsAreEqualByAllTheirParts() {
        let origins = [Origin.Scheme.http, .https].flatMap { scheme in
            ["a", "b"].flatMap { host in [80, 81].map { Origin(scheme: scheme, host: host, port: $0) } }
        }
        #expect(Set(origins).count == 8)
        #expect(origins.allSatisfy { $0 == Origin(scheme: $0.scheme, host: $0.host, port: $0.port) })
    }

    /// Random bytes never trap, and what is accepted reads the same a second time.
    @Test func acceptedTextsAreFixpoints() throws {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("http://a.b:8/?#[]@%\\ é0x1:..//".unicodeScalars)
        for _ in 0..<20_000 {
            var text = Bool.random(using: &generator) ? "http://" : ""
            for _ in 0..<Int.random(in: 0..<24, using: &generator) {
                text.unicodeScalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
            }
            guard let once = try? RequestURL(text) else { continue }
            let twice = try RequestURL(once.text)
            #expect(twice == once, "\(text)")
        }
    }
}
