import ContrailBase
import ContrailCore
import HTTPTypes
import Testing

@testable import ContrailCurl

@Suite struct RequestRulesTests {
    @Test(arguments: [
        ("GET", true), ("x-1!#$%&'*+.^_`|~", true), ("", false), ("A B", false), ("A:", false), ("é", false),
    ])
    func tokensAreThoseOfRFC9110(text: String, isToken: Bool) {
        #expect(RequestRules.isToken(text) == isToken)
    }

    @Test func valuesHaveNoControlCharacterButTab() {
        for byte in UInt8.min...UInt8.max {
            #expect(RequestRules.isFieldValueByte(byte) == (byte == 9 || (byte >= 0x20 && byte != 0x7F)))
        }
    }

    @Test(arguments: [
        ("content-length", true), ("transfer-encoding", true), ("connection", true), ("expect", true), ("host", false),
        ("accept", false), ("content-type", false), ("user-agent", false), ("x-real-name", false),
    ])
    func framingIsTheTransports(name: String, isDropped: Bool) {
        #expect((RequestRules.treatment(of: name) == .drop) == isDropped)
    }

    @Test func theShapeFollowsMethodAndBody() throws {
        #expect(try RequestRules.shape(method: "GET", hasBody: false) == .bare)
        #expect(try RequestRules.shape(method: "GET", hasBody: true) == .body)
        #expect(try RequestRules.shape(method: "POST", hasBody: false) == .body)
        #expect(try RequestRules.shape(method: "HEAD", hasBody: false) == .head)
        #expect(throws: RequestRules.Objection.self) { try RequestRules.shape(method: "HEAD", hasBody: true) }
        #expect(throws: RequestRules.Objection.self) { try RequestRules.shape(method: "CONNECT", hasBody: false) }
    }

    /// The last line of defence: a `RequestURL` has none of these.
    @Test(arguments: [0x00, 0x0A, 0x0D, 0x20, 0x7F, 0x80, 0xC3] as [UInt8])
    func aByteThatIsNotForURLsIsRefused(byte: UInt8) {
        #expect(!RequestRules.isURLByte(byte))
    }

    @Test func headersOfAnySizeFitTheirBlock() throws {
        var request = WireRequest.get(80)
        for index in 0..<100 {
            let name = try #require(HTTPField.Name("X-\(String(repeating: "n", count: index))"))
            request.headers.append(HTTPField(name: name, value: String(repeating: "v", count: index * index)))
        }
        #expect(throws: Never.self) { try RequestBlock(request) }
    }

    @Test(arguments: [
        (Duration.zero, 1), (.milliseconds(-5), 1), (.nanoseconds(1), 1), (.milliseconds(10), 10),
        (.microseconds(10_001), 11), (.seconds(1 << 60), Int(Int32.max)),
    ])
    func millisecondsAreRoundedUpAndNeverLibcurlsDefault(duration: Duration, expected: Int) {
        #expect(Profile.milliseconds(duration) == expected)
    }

    @Test func theCertificateFileOfTheEnvironmentWins() {
        #expect(CABundle.locate(environment: "/mine.pem") { _ in true } == "/mine.pem")
        #expect(CABundle.locate(environment: "") { $0 == "/etc/ssl/cert.pem" } == "/etc/ssl/cert.pem")
        #expect(CABundle.locate(environment: nil) { _ in false } == nil)
    }

    @Test(arguments: [(1, 1), (2, 1), (4, 2), (8, 4), (64, 4)])
    func theNumberOfLoopsFollowsTheCores(cores: Int, loops: Int) {
        #expect(CurlTransport.Configuration(cores: cores).loops == loops)
    }
}
