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
        ("", ""),
    ])
    func takesSecretsOutOfURLs(url: String, shown: String) {
        #expect(Redaction.url(url) == shown)
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
