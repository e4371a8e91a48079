import Testing
import Tracing

@testable import ContrailTelemetry

private let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03"

@Suite("TraceContextPropagator")
struct TraceContextPropagatorTests {
    private let propagator = Telemetry.TraceContextPropagator()

    private func extracted(_ headers: [String: String], into start: ServiceContext = .topLevel) -> ServiceContext {
        var context = start
        propagator.extract(headers, into: &context, using: HeaderCarrier())
        return context
    }

    private func injected(_ context: ServiceContext, into start: [String: String] = [:]) -> [String: String] {
        var headers = start
        propagator.inject(context, into: &headers, using: HeaderCarrier())
        return headers
    }

    @Test func whatWasExtractedIsInjectedAgain() {
        let headers = ["traceparent": parent, "tracestate": "a=1,b=2"]
        #expect(injected(extracted(headers)) == headers)
    }

    @Test func anExtractedSpanIsRemote() { #expect(extracted(["traceparent": parent]).spanContext?.isRemote == true) }

    @Test func withoutTraceparentTheTracestateIsIgnored() {
        #expect(extracted(["tracestate": "a=1"]).spanContext == nil)
        #expect(extracted(["traceparent": "nonsense", "tracestate": "a=1"]).spanContext == nil)
    }

    @Test func aBadTracestateDoesNotSpoilTheTraceparent() {
        let context = extracted(["traceparent": parent, "tracestate": "A=1"]).spanContext
        #expect(context?.traceparent == parent)
        #expect(context?.traceState == "")
    }

    @Test func aFailureKeepsWhatTheContextHad() {
        var context = ServiceContext.topLevel
        context.spanContext = makeSpanContext()
        #expect(extracted(["traceparent": "nonsense"], into: context).spanContext == makeSpanContext())
        #expect(extracted([:], into: context).spanContext == makeSpanContext())
    }

    @Test func injectionReplaces() {
        var context = ServiceContext.topLevel
        context.spanContext = makeSpanContext()
        let headers = injected(context, into: ["traceparent": "old", "other": "stays"])
        #expect(headers == ["traceparent": parent, "other": "stays"])
    }

    @Test func anEmptyTracestateIsNotSent() {
        #expect(injected(extracted(["traceparent": parent, "tracestate": ""])) == ["traceparent": parent])
    }

    @Test func withoutASpanNothingIsInjected() { #expect(injected(.topLevel).isEmpty) }

    @Test func namesItsFieldsInLowercase() {
        #expect(propagator.fields == ["traceparent", "tracestate"])
    }

    @Test func oneLineForServersThatHaveTheHeadersAtHand() {
        #expect(propagator.extract(traceparent: parent)?.traceparent == parent)
        #expect(propagator.extract(traceparent: parent, tracestate: "a=1")?.traceState == "a=1")
        #expect(propagator.extract(traceparent: nil, tracestate: "a=1") == nil)
    }
}
