import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

@Suite struct RedirectSessionTests {
    private static let secret = HTTPField.Name("X-Internal-Key") ?? .via

    private func request(
        _ method: HTTPRequest.Method = .get, _ url: String = "https://a.test/x", _ headers: HTTPFields = [:],
        body: WireBody? = nil
    ) throws -> WireRequest {
        WireRequest(method: method, url: try RequestURL(url), headers: headers, body: body)
    }

    private func head(_ status: Int, _ locations: String...) -> ResponseHead {
        var headers = HTTPFields()
        for location in locations { headers.append(HTTPField(name: .location, value: location)) }
        return ResponseHead(status: .init(code: status), headers: headers)
    }

    private func decide(
        _ head: ResponseHead, _ request: WireRequest, _ policy: RedirectPolicy = .follow()
    ) -> RedirectSession.Decision {
        var session = RedirectSession(policy: policy, secretHeaders: [Self.secret.canonicalName])
        return session.decide(after: head, to: request)
    }

    // MARK: Rule 1: which responses

    @Test(arguments: [301, 302, 303, 307, 308])
    func redirectsAreFollowed(status: Int) throws {
        let next = try #require(decide(head(status, "/y"), request()).next)
        #expect(next.url.text == "https://a.test/y")
        #expect(next.redirectCount == 1)
    }

    @Test(arguments: [200, 201, 204, 300, 304, 305, 306, 309, 399, 404, 500])
    func otherStatusesAreAnswers(status: Int) throws {
        #expect(decide(head(status, "/y"), try request()).isFinish)
    }

    @Test func withoutALocationItIsAnAnswer() throws {
        #expect(decide(head(302), try request()).isFinish)
    }

    @Test func theLimitIsALimit() throws {
        var session = RedirectSession(policy: .follow(max: 2), secretHeaders: [])
        var current = try request()
        for _ in 0..<2 { current = try #require(session.decide(after: head(302, "/x"), to: current).next) }
        #expect(session.decide(after: head(302, "/x"), to: current).refusal == .tooMany)
        #expect(session.decide(after: head(200), to: current).isFinish)
    }

    // MARK: Rule 2: where to

    @Test(
        arguments: [
            ("http://a.test/", RedirectRefusal.downgrade), ("//b.test/", nil), ("https://b.test:444/", nil),
            ("file:///etc/passwd", .scheme), ("ftp://b.test/", .scheme), ("javascript:1", .scheme),
            ("gopher://x", .scheme),
            ("https://user:pw@b.test/", .invalidLocation), ("https://", .invalidLocation),
            ("https:x", .invalidLocation),
            ("https://b.test:99999/", .invalidLocation), ("https://0x7f.1/", .invalidLocation),
            ("/a\u{01}b", .invalidLocation),
            ("/a\tb", .invalidLocation), ("/a b", nil), ("", nil),
        ] as [(String, RedirectRefusal?)])
    func targetsAreJudged(location: String, refusal: RedirectRefusal?) throws {
        var headers = HTTPFields()
        headers.append(HTTPField(name: .location, lenientValue: Array(location.utf8)))
        let decision = decide(ResponseHead(status: .found, headers: headers), try request())
        #expect(decision.refusal == refusal)
        #expect((decision.next == nil) == (refusal != nil))
    }

    @Test func aLocationIsBounded() throws {
        let limit = RedirectLocation.maxBytes
        #expect(decide(head(302, "/" + String(repeating: "x", count: limit - 1)), try request()).refusal == nil)
        #expect(
            decide(head(302, "/" + String(repeating: "x", count: limit)), try request()).refusal == .invalidLocation)
    }

    @Test func twoLocationsThatDifferAreRefused() throws {
        #expect(decide(head(302, "/y", "/y"), try request()).refusal == nil)
        #expect(decide(head(302, "/y", "/z"), try request()).refusal == .invalidLocation)
    }

    @Test func policiesDecide() throws {
        #expect(decide(head(302, "/y"), try request(), .never).isFinish)
        #expect(decide(head(302, "//b.test"), try request(), .sameOrigin()).refusal == .otherOrigin)
        #expect(decide(head(302, "//a.test:444"), try request(), .sameOrigin()).refusal == .otherOrigin)
        #expect(decide(head(302, "/y"), try request(), .sameOrigin()).refusal == nil)
        let own = RedirectPolicy.follow { $0.target.origin.host.hasSuffix("a.test") }
        #expect(decide(head(302, "//b.a.test"), try request(), own).refusal == nil)
        #expect(decide(head(302, "//b.test"), try request(), own).refusal == .policy)
        var downgrading = RedirectPolicy.follow()
        downgrading.allowsDowngrade = true
        #expect(decide(head(302, "http://a.test"), try request(), downgrading).refusal == nil)
    }

    // MARK: Rules 3 and 4: method and body

    @Test(arguments: [
        (301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (307, "POST", "POST"), (308, "POST", "POST"),
        (301, "PUT", "PUT"), (302, "PATCH", "PATCH"), (303, "PUT", "GET"), (303, "DELETE", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "HEAD", "HEAD"), (302, "GET", "GET"), (307, "DELETE", "DELETE"), (303, "QUERY", "GET"),
    ])
    func methodsChangeAsEverybodyDoes(status: Int, method: String, expected: String) throws {
        let original = try request(try #require(.init(method)), body: WireBody(ByteChunk("b".utf8)))
        let next = try #require(decide(head(status, "/y"), original).next)
        #expect(next.method.rawValue == expected)
        #expect((next.body != nil) == (method == expected))
    }

    @Test func aBodyThatIsDroppedTakesItsFieldsWithIt() throws {
        let names = [
            "Content-Type", "Content-Length", "Content-Encoding", "Content-Digest", "Transfer-Encoding", "Expect",
            "Trailer", "Digest", "Last-Modified", "Accept", "Authorization",
        ]
        var headers = HTTPFields()
        for name in names { headers.append(HTTPField(name: try #require(.init(name)), value: "v")) }
        let original = try request(.post, "https://a.test/x", headers, body: WireBody(ByteChunk("b".utf8)))
        let next = try #require(decide(head(303, "/y"), original).next)
        #expect(next.headers.map(\.name.rawName) == ["Accept", "Authorization"])
        let same = try #require(decide(head(307, "/y"), original).next)
        #expect(same.headers == headers)
        #expect(same.body != nil)
    }

    // MARK: Rule 5: secrets

    @Test(arguments: ["https://b.test/", "https://a.test:444/", "https://sub.a.test/"])
    func secretsStayWithTheirOrigin(location: String) throws {
        let secrets = [
            "Authorization", "Proxy-Authorization", "Cookie", "Cookie2", "WWW-Authenticate", "X-Api-Key", "Host",
            "Referer",
            "Origin", "Baggage", "x-internal-key",
        ]
        var headers: HTTPFields = [.accept: "a/b"]
        for name in secrets { headers.append(HTTPField(name: try #require(.init(name)), value: "s")) }
        let original = try request(.get, "https://a.test/x", headers)
        #expect(try #require(decide(head(302, location), original).next).headers == [.accept: "a/b"])
        #expect(try #require(decide(head(302, "/y"), original).next).headers == headers)
    }

    @Test func theSchemeIsPartOfTheOrigin() throws {
        let original = try request(.get, "http://a.test/", [.authorization: "s"])
        #expect(try #require(decide(head(302, "https://a.test/"), original).next).headers[.authorization] == nil)
    }

    @Test func wayBackBringsNoSecretBack() throws {
        var session = RedirectSession(policy: .follow(), secretHeaders: [])
        let away = session.decide(
            after: head(302, "//b.test/"), to: try request(.get, "https://a.test/", [.cookie: "c"]))
        let back = session.decide(after: head(302, "//a.test/"), to: try #require(away.next))
        #expect(try #require(back.next).headers[.cookie] == nil)
    }

    @Test func hopsKnowWhereTheyCameFrom() throws {
        guard case .follow(_, let hop) = decide(head(303, "/y?token=1"), try request(.post)) else {
            Issue.record("not followed")
            return
        }
        #expect(hop.statusCode == 303)
        #expect(hop.source.text == "https://a.test/x")
        #expect("\(hop.target)" == "https://a.test/y?token=REDACTED")
        #expect(hop.method == .get)
        #expect(!hop.isCrossOrigin)
    }
}

extension RedirectSession.Decision {
    fileprivate var next: WireRequest? { if case .follow(let request, _) = self { request } else { nil } }
    fileprivate var refusal: RedirectRefusal? { if case .refuse(let refusal, _) = self { refusal } else { nil } }
    fileprivate var isFinish: Bool { if case .finish = self { true } else { false } }
}
