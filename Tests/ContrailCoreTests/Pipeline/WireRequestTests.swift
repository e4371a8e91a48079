import HTTPTypes
import Testing

@testable import ContrailCore

@Suite struct WireRequestTests {
    /// The requests of a client share their timeouts until one is given others.
    @Test func aRequestsOwnTimeoutIsNobodyElses() throws {
        let first = WireRequest(method: .get, url: try RequestURL("http://a.test/"))
        var other = first
        other.connectTimeout = .seconds(1)
        other.decoding = .automatic
        #expect(first.connectTimeout == .seconds(10))
        #expect(first.decoding == .off)
        let third = WireRequest(method: .get, url: try RequestURL("http://a.test/"))
        #expect(third.connectTimeout == .seconds(10))
        #expect(other.connectTimeout == .seconds(1))
    }
}
