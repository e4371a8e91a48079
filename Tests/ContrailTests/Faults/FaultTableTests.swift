import Contrail
import ContrailTestSupport
import ContrailTesting
import Testing

/// Every way in which a peer can misbehave, through the whole client: its typed error, its span closed, its permit given
/// back, its deadline met, nothing left behind.
@Suite(.timeLimit(.minutes(2))) struct FaultTableTests {
    @Test(arguments: FaultCase.all) func aFaultIsATypedErrorAndAClosedSpan(_ fault: FaultCase) async throws {
        try await Self.expectTypedErrorAndClosedSpan(fault)
    }

    static func expectTypedErrorAndClosedSpan(_ fault: FaultCase) async throws {
        let run = try await FaultRun.of(fault)
        #expect(run.ending == fault.ending)
        #expect(run.isClientUsable, "the permit was not given back")
        #expect(run.record.requestCount == fault.requests)
        // The stale connection was opened by another call.
        let send = try #require(run.sends.last)
        #expect(send.string("error.type") == fault.errorType)
        #expect((send.span.status == .unset) == (fault.errorType == nil))
        let call = try #require(run.calls.first { $0.span.context.spanID == send.span.parentSpanID })
        if case .failure(let code) = fault.ending { #expect(call.string("error.type") == code) }
        #expect(run.untruths == [])
    }

    /// In a process of its own, where nothing else opens descriptors or threads.
    @Test func faultsLeaveNothingBehindAndMeetTheirDeadlines() async {
        let process = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            for fault in FaultCase.all { _ = try await FaultRun.of(fault) }
            let before = ProcessCount.now()
            var overshoots: [Duration] = []
            for _ in 0..<3 {
                for fault in FaultCase.all {
                    let run = try await FaultRun.of(fault)
                    #expect(run.ending == fault.ending, "\(fault.name)")
                    guard let deadline = fault.deadline else { continue }
                    overshoots.append(run.elapsed - deadline)
                }
            }
            overshoots.sort()
            print(
                "figure: overshoot of \(overshoots.count) deadlines, least/median/most:",
                [overshoots[0], overshoots[overshoots.count / 2], overshoots[overshoots.count - 1]])
            #expect(overshoots[0] >= .zero)
            // Generous: the machine may be busy. The figure printed is the one that counts.
            #expect(overshoots[overshoots.count / 2] < .milliseconds(500))
            #expect(await ProcessCount.settles(to: before))
        }
        FaultRun.printFigures(process?.standardOutputContent)
    }
}
