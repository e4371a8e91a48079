import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

@Suite struct LinkFieldTests {
    private func headers(_ fields: String...) -> HTTPFields {
        var headers: HTTPFields = [:]
        guard let name = HTTPField.Name("link") else { return headers }
        for field in fields { headers.append(HTTPField(name: name, value: field)) }
        return headers
    }

    private func response(_ fields: String..., url: String = "https://a.test/items?page=1") throws -> HTTPCall.Response
    {
        var head: HTTPFields = [:]
        for field in fields { head.append(HTTPField(name: try #require(HTTPField.Name("Link")), value: field)) }
        return HTTPCall.Response(
            head: ResponseHead(status: .ok, headers: head), body: .empty, url: try RequestURL(url), method: .get,
            attempts: [])
    }

    @Test(
        arguments: [
            (#"<https://a.test/2>; rel="next""#, ["https://a.test/2": ["next"]]),
            (#"<https://a.test/2>; rel=next"#, ["https://a.test/2": ["next"]]),
            (#"</2>;REL="Next last""#, ["/2": ["next", "last"]]),
            (#"</1>; rel="prev", </3>; rel="next""#, ["/1": ["prev"], "/3": ["next"]]),
            (#" , </3> ; title="a, \"b\"; <c>" ; rel="next" , "#, ["/3": ["next"]]),
            (#"</3>; rel="prev"; rel="next""#, ["/3": ["prev"]]),
            (#"</3?a,b;c>; rel="next""#, ["/3?a,b;c": ["next"]]),
            (#"</3>; flag; rel="next""#, ["/3": ["next"]]),
            (#"</3>"#, ["/3": []]),
            (#"</3>; rel="next"; anchor="/other""#, [:]),
            (#"</3; rel="next""#, [:]),
            ("garbage", [:]),
            ("", [:]),
        ] as [(String, [String: [String]])])
    func reads(text: String, links: [String: [String]]) {
        let read = LinkField.read(headers(text))
        #expect(Dictionary(read.map { ($0.target, $0.relations) }) { first, _ in first } == links)
    }

    @Test func severalFieldsCountAsOne() {
        #expect(LinkField.read(headers("</1>; rel=prev", "</2>; rel=next")).map(\.target) == ["/1", "/2"])
    }

    @Test func linksAreResolvedAgainstTheURLThatAnswered() throws {
        #expect(try response(#"<?page=2>; rel="next""#).link("next")?.text == "https://a.test/items?page=2")
        #expect(try response(#"<//b.test/x>; rel="next""#).link("NEXT")?.text == "https://b.test/x")
        #expect(try response(#"</x>; rel="prev""#).link("next") == nil)
        #expect(try response(#"<ftp://b.test/x>; rel="next""#).link("next") == nil)
    }

    /// Random and cut-off fields are read or ignored.
    @Test(arguments: 0..<50) func anyTextIsReadOrIgnored(block: Int) {
        let samples = [
            #"<https://a.test/2>; rel="next", </1>; rel=prev"#, #"</3>; title="a \"b\""; rel=next"#,
            "<<<>>>;;;,,,===\"\"",
        ]
        for seed in 0..<100 {
            let random = SeededRandom(seed: UInt64(block * 100 + seed))
            var bytes = Array(samples[Int(random.next() % 3)].utf8)
            for _ in 0..<(random.next() % 4) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(0x20 + random.next() % 0x5F)
            }
            let kept = bytes.prefix(Int(random.next() % UInt64(bytes.count + 1)))
            for link in LinkField.read(headers(String(decoding: kept, as: UTF8.self))) {
                #expect(link.target.utf8.count <= kept.count)
            }
        }
    }

    /// A field as long as a head may be is read in one pass.
    @Test func aLongFieldCostsNoMoreThanItsLength() {
        let text = String(repeating: #"</a>; rel="x y"; title="\"\"", "#, count: 8_000)
        #expect(LinkField.read(headers(text)).count == 8_000)
    }
}
