import ContrailBase
import Testing

@Suite struct RedactionTests {
    @Test(arguments: [
        ("http://a.example/p?x=1#part", "http://a.example/p?x=1#part"),
        ("http://user:pw@a.example/p", "http://REDACTED:REDACTED@a.example/p"),
        ("http://user@a.example", "http://REDACTED:REDACTED@a.example"),
        ("http://a@b:c@a.example/@x", "http://REDACTED:REDACTED@a.example/@x"),
        ("http://a.example/?sig=abc&x=1", "http://a.example/?sig=REDACTED&x=1"),
        ("http://a.example/?x=1&Signature=abc", "http://a.example/?x=1&Signature=REDACTED"),
        ("http://a.example/?API_KEY=abc&api-key=d", "http://a.example/?API_KEY=REDACTED&api-key=REDACTED"),
        ("http://a.example/?token=a=b", "http://a.example/?token=REDACTED"),
        ("http://a.example/#access_token=abc&state=1", "http://a.example/#access_token=REDACTED&state=1"),
        ("http://a.example/?mysig=abc", "http://a.example/?mysig=abc"),
        ("/path?password=abc", "/path?password=REDACTED"),
        ("http://a.example/?token=\u{301}abc&x=1", "http://a.example/?token=REDACTED&x=1"),
        (
            "http://a.example/?to\u{212A}en=abc&\u{212A}ey=abc",
            "http://a.example/?to\u{212A}en=REDACTED&\u{212A}ey=REDACTED"
        ),
        ("/?token=http://user:pw@b.example/&x=1", "/?token=REDACTED&x=1"),
        ("/?x=http://user&token=pw@b.example", "/?x=http://REDACTED:REDACTED"),
        ("?=&&", "?=&&"),
        ("", ""),
    ])
    func takesSecretsOutOfURLs(url: String, shown: String) {
        #expect(Redaction.url(url) == shown)
    }

    @Test(
        arguments: [
            "access_token", "api_key", "apikey", "api-key", "auth", "client_secret", "code", "id_token", "key",
            "password",
            "refresh_token", "secret", "signature", "token",
        ])
    func commonNamesOfSecretsCountInAnyCase(name: String) {
        for name in [name, name.uppercased(), name.prefix(1).uppercased() + name.dropFirst()] {
            #expect(Redaction.url("/?a=b&\(name)=c") == "/?a=b&\(name)=REDACTED")
            #expect(Redaction.url("/?x\(name)=c&\(name)x=c") == "/?x\(name)=c&\(name)x=c")
        }
    }

    @Test(arguments: Redaction.secretQueryKeys.sorted()) func namesOfTheConventionsCount(name: String) {
        #expect(Redaction.url("/?\(name)=c#\(name)=d") == "/?\(name)=REDACTED#\(name)=REDACTED")
    }

    /// Whatever the order of its parts; and what was redacted once stays as it is.
    @Test(arguments: 0..<20) func anyTextCanBeRedacted(block: Int) {
        let parts = [
            "http", "://", "@", "?", "#", "&", "=", "sig", "Token", "x", "/", "\u{E9}", "user:pw", "\u{301}", "",
        ]
        // A linear congruential generator (Knuth, MMIX).
        var state = UInt64(block)
        func pick(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(count))
        }
        for _ in 0..<200 {
            let once = Redaction.url((0..<pick(14)).map { _ in parts[pick(parts.count)] }.joined())
            #expect(Redaction.url(once) == once)
        }
    }

    @Test(arguments: [
        ("no url", "no url"),
        ("http//example.com/a", "http//example.com/a"),
        ("http//user:pw@example.com/a", "REDACTED@example.com/a"),
        ("user:p@ss@host", "REDACTED@host"),
        ("http//user:p?w@example.com", "REDACTED"),
        ("http:/x?mail=a@b&token=abc", "REDACTED"),
        ("http:/x?token=abc", "http:/x…"),
        ("http:/x#token=abc", "http:/x…"),
        ("a\r\nb\u{7F}", "a\u{FFFD}b\u{FFFD}"),
        ("", ""),
    ])
    func showsOfAnUnreadableURLWhatCanHoldNoSecret(text: String, shown: String) {
        #expect(Redaction.unreadableURL(text) == shown)
    }

    @Test func showsOfALongUnreadableURLItsBeginning() {
        let shown = Redaction.unreadableURL(String(repeating: "a", count: 100_000))
        #expect(shown == String(repeating: "a", count: 120) + "…")
    }
}
