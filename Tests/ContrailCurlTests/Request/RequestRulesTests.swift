import CContrailCurlShim
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

    @Test func aTokenHasNoOtherBytesThanThose() {
        let signs = Set("!#$%&'*+-.^_`|~".utf8)
        for byte in UInt8.min...UInt8.max {
            let isLetterOrDigit =
                byte < 0x80 && (Character(UnicodeScalar(byte)).isLetter || Character(UnicodeScalar(byte)).isNumber)
            #expect(unsafe contrail_is_token([0x61, byte, 0x61], 3) == (isLetterOrDigit || signs.contains(byte)))
        }
    }

    /// At every place: the bytes are looked at many at a time.
    @Test func valuesHaveNoControlCharacterButTab() {
        for byte in UInt8.min...UInt8.max {
            for place in [0, 1, 15, 16, 31, 32, 63, 99] {
                var bytes = [UInt8](repeating: 0x61, count: 100)
                bytes[place] = byte
                let isValue = unsafe contrail_is_field_value(bytes, bytes.count)
                #expect(isValue == (byte == 9 || (byte >= 0x20 && byte != 0x7F)))
            }
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

    @Test func aURLIsOfVisibleASCII() {
        for byte in UInt8.min...UInt8.max {
            for place in [0, 1, 15, 16, 31, 32, 63, 99] {
                var bytes = [UInt8](repeating: 0x61, count: 100)
                bytes[place] = byte
                #expect(unsafe contrail_is_url(bytes, bytes.count) == (byte > 0x20 && byte < 0x7F))
            }
        }
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
