import Contrail
import ContrailTestSupport
import ContrailTesting
import Testing

/// A POST is never sent twice unless that is allowed, whatever goes wrong: by the server's own count, by the spans, and by
/// rule 1 of the design, which makes them the same.
@Suite(.timeLimit(.minutes(2))) struct PostOnceTests {
    /// One after the other: others test the time of things meanwhile.
    @Test(.serialized, arguments: FaultCase.all, FaultRun.Mark.allCases)
    func aPostIsSentAgainOnlyIfThatIsAllowed(_ fault: FaultCase, _ mark: FaultRun.Mark) async throws {
        try await Self.expectRightNumberOfSends(fault, mark)
    }

    static func expectRightNumberOfSends(_ fault: FaultCase, _ mark: FaultRun.Mark) async throws {
        let run = try await FaultRun.of(fault, .post(mark))
        let sends = run.sends.filter { $0.string("http.request.method") == "POST" }
        let received = run.record.requests.filter { $0.method == "POST" }
        #expect(sends.count == fault.sends(mark))
        // Some faults keep everything away from the server.
        #expect(received.count == (fault.requests == 0 ? 0 : fault.sends(mark)))
        if mark == .none { #expect(received.count <= 1) }
        #expect(Set(received.map { $0.headers[.idempotencyKey] }).count <= 1, "one key for all sends of a call")
        #expect(run.isClientUsable)
        #expect(run.untruths == [])
    }

    /// In a process of its own: its descriptors are taken away.
    @Test func noDescriptorLeftIsProvablyNotSent() async {
        await #expect(processExitsWith: .success) {
            try await FaultTableTests.expectTypedErrorAndClosedSpan(.withoutDescriptors)
            for mark in FaultRun.Mark.allCases { try await Self.expectRightNumberOfSends(.withoutDescriptors, mark) }
        }
    }

    /// What failed before it was sent is sent, also if it is not repeatable, and arrives once.
    @Test func aPostThatWasNotSentArrivesOnce() async {
        await #expect(processExitsWith: .success) {
            let fault = FaultCase.withoutDescriptors.with {
                $0.configure = { $0.sendMiddleware = [FaultCase.WithoutDescriptors(sends: 2)] }
            }
            let run = try await FaultRun.of(fault, .post(.none))
            #expect(run.ending == .response(200))
            #expect(run.sends.map { $0.string("error.type") } == ["local_resources", "local_resources", nil])
            #expect(run.record.requestCount == 1)
            #expect(run.untruths == [])
        }
    }

    @Test(.enabled(if: !SlowNames.areReplaced && !ProcessCount.isAddressSanitized))
    func aHangingLookUpIsProvablyNotSent() async throws {
        let result = try await SlowNames.run(filter: "PostOnceTests/beforeAHangingLookUpEnds")
        #expect(result.status == 0 && result.signal == nil, "\(result.errors.suffix(2000))")
        // A filter that matches nothing passes as well.
        #expect((result.output + result.errors).contains("Test run with 1 test"))
    }

    @Test(.enabled(if: SlowNames.areReplaced)) func beforeAHangingLookUpEnds() async throws {
        try await FaultTableTests.expectTypedErrorAndClosedSpan(.hangingLookUp)
        for mark in FaultRun.Mark.allCases { try await Self.expectRightNumberOfSends(.hangingLookUp, mark) }
    }
}

extension FaultCase {
    /// How often a POST goes out that meets the fault each time, by the standard policy: three sends at the most.
    func sends(_ mark: FaultRun.Mark) -> Int {
        switch repeatability {
        case .always: 3
        case .ifRepeatable: mark == .none ? 1 : 3
        case .ifRepeatableOnce: mark == .none ? 1 : 2
        case .never: 1
        }
    }
}

extension HTTPField.Name {
    fileprivate static let idempotencyKey = HTTPField.Name("Idempotency-Key") ?? .via
}
