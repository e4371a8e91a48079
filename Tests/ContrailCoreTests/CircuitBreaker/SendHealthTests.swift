import ContrailBase
import HTTPTypes
import Testing

@testable import ContrailCore

@Suite struct SendHealthTests {
    private static func at(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    @Test(arguments: [
        (TransportError.Kind.timeout, true), (.headTimeout, true), (.idleReadTimeout, true), (.idleWriteTimeout, true),
        (.connect, false), (.connectionReset, false), (.certificate, false),
    ])
    func silenceIsOverload(kind: TransportError.Kind, isOverload: Bool) {
        let error = TransportError(kind, "", summary: SendSummary(submitted: Self.at(0)))
        #expect(SendHealth(.failure(error)).isOverload == isOverload)
    }

    @Test func theTimeOfAnUploadIsNotTheOrigins() {
        var summary = SendSummary(submitted: Self.at(0))
        summary.requestStarted = Self.at(10)
        summary.firstByte = Self.at(500)
        #expect(summary.responseTime == .milliseconds(490))
        summary.uploaded = Self.at(480)
        #expect(summary.responseTime == .milliseconds(20))
    }
}
