import CContrailCurlShim
import ContrailTestSupport
import Testing

@testable import ContrailCurl

/// A suite that ran on something else than it was asked to would prove nothing.
@Suite("What the suite runs on")
struct AskedForTests {
    #if DEBUG
        @Test(.enabled(if: TestEnvironment.poller != nil, "CONTRAIL_POLLER is not set"))
        func thePollerAskedFor() {
            #expect(CurlTransport.Configuration().poller.rawValue == TestEnvironment.poller)
        }
    #endif

    @Test(.enabled(if: TestEnvironment.libcurl != nil, "CONTRAIL_TEST_LIBCURL is not set"))
    func theLibcurlAskedFor() throws {
        let version = contrail_libcurl_version()
        let text = "\(version >> 16).\(version >> 8 & 0xFF).\(version & 0xFF)"
        #expect(text.hasPrefix(try #require(TestEnvironment.libcurl)))
    }
}
