import Testing

@testable import ContrailTelemetry

@Suite("Samplers")
struct SamplerTests {
    private func candidate(parent: Telemetry.SpanContext?) -> Telemetry.SamplingCandidate {
        Telemetry.SamplingCandidate(parent: parent, traceID: makeSpanContext().traceID, name: "x")
    }

    @Test func constantSamplersDecideAlike() {
        #expect(Telemetry.AlwaysOnSampler().sample(candidate(parent: nil)).decision == .recordAndSample)
        #expect(Telemetry.AlwaysOffSampler().sample(candidate(parent: makeSpanContext())).decision == .drop)
        #expect(Telemetry.AlwaysOnSampler().description == "AlwaysOnSampler")
        #expect(Telemetry.AlwaysOffSampler().description == "AlwaysOffSampler")
    }

    @Test func followsTheParentByDefault() {
        let sampler = Telemetry.ParentBasedSampler()
        #expect(sampler.sample(candidate(parent: nil)).decision == .recordAndSample)
        for isRemote in [true, false] {
            let on = makeSpanContext(.sampled, isRemote: isRemote)
            #expect(sampler.sample(candidate(parent: on)).decision == .recordAndSample)
            let off = makeSpanContext(.random, isRemote: isRemote)
            #expect(sampler.sample(candidate(parent: off)).decision == .drop)
        }
    }

    @Test(arguments: [0, 1, 2, 3, 4]) func asksTheSamplerForThisKindOfParent(chosen: Int) {
        func sampler(_ index: Int) -> any Telemetry.Sampler {
            index == chosen ? Telemetry.AlwaysOnSampler() : Telemetry.AlwaysOffSampler()
        }
        let parentBased = Telemetry.ParentBasedSampler(
            root: sampler(0), remoteSampled: sampler(1), remoteNotSampled: sampler(2), localSampled: sampler(3),
            localNotSampled: sampler(4))
        let parents: [Telemetry.SpanContext?] = [
            nil, makeSpanContext(.sampled, isRemote: true), makeSpanContext([], isRemote: true),
            makeSpanContext(.sampled), makeSpanContext([]),
        ]
        for (index, parent) in parents.enumerated() {
            let decision = parentBased.sample(candidate(parent: parent)).decision
            #expect(decision == (index == chosen ? .recordAndSample : .drop))
        }
    }

    @Test func describesItselfAsTheSpecificationDoes() {
        #expect(
            Telemetry.ParentBasedSampler().description == """
                ParentBased{root=AlwaysOnSampler,remoteParentSampled=AlwaysOnSampler,\
                remoteParentNotSampled=AlwaysOffSampler,localParentSampled=AlwaysOnSampler,\
                localParentNotSampled=AlwaysOffSampler}
                """)
    }
}
