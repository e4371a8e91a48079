import CallChain
import Testing

@Suite struct SelfCheckTests {
    @Test func acceptsAWholeTrace() {
        let check = SelfCheck(spans: Fixture.spans, requests: Fixture.requests)
        #expect(check.problems.isEmpty)
        #expect(check.passed)
        #expect(check.line == "traces 1 · orphans 0 · sends matched 3/3")
    }

    @Test func acceptsASendThatNoServerSawIfItSaysWhy() {
        var spans = Fixture.spans
        spans[4].errorType = "connect"
        spans.removeAll { $0.spanID == Fixture.id(7) }
        let check = SelfCheck(spans: spans, requests: [Fixture.request("gateway", 2), Fixture.request("pricing", 6)])
        #expect(check.passed)
        #expect(check.line == "traces 1 · orphans 0 · sends matched 2/2")
    }

    /// A trace with one thing wrong, and what the check must say about it.
    struct Broken: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var complaint: String
        var breaking: @Sendable (inout [ChainSpan], inout [ReceivedRequest]) -> Void

        init(
            _ description: String, says complaint: String,
            _ breaking: @escaping @Sendable (inout [ChainSpan], inout [ReceivedRequest]) -> Void
        ) {
            testDescription = description
            self.complaint = complaint
            self.breaking = breaking
        }
    }

    static let broken = [
        Broken("nothing at all", says: "0 traces") { spans, requests in
            spans = []
            requests = []
        },
        Broken("no requests", says: "no server received") { _, requests in requests = [] },
        Broken("a span in another trace", says: "2 traces") { spans, _ in
            spans[7].traceID = String(repeating: "b", count: 32)
        },
        Broken("a second root", says: "2 roots") { spans, _ in spans[3].parentID = nil },
        Broken("a lost parent", says: "nobody exported") { spans, _ in spans.removeAll { $0.spanID == Fixture.id(4) } },
        Broken("a span id used twice", says: "used twice") { spans, _ in spans[7].spanID = spans[6].spanID },
        Broken("a server asked by no client", says: "no CLIENT span") { spans, _ in spans[6].parentID = Fixture.id(4) },
        Broken("a send on the wire without a span", says: "no CLIENT span of the trace") { _, requests in
            requests.append(Fixture.request("pricing", 99))
        },
        Broken("a send that carries its call's id", says: "no CLIENT span of the trace") { _, requests in
            requests[2] = Fixture.request("pricing", 4)
        },
        Broken("the same traceparent twice", says: "a second time") { _, requests in requests[2] = requests[1] },
        Broken("a request without traceparent", says: "without a valid traceparent") { _, requests in
            requests[1].traceparent = nil
        },
        Broken("a traceparent of another trace", says: "no CLIENT span of the trace") { _, requests in
            requests[1].traceparent = "00-\(String(repeating: "c", count: 32))-\(Fixture.id(5))-03"
        },
        Broken("a send that vanished without a reason", says: "has no error.type") { _, requests in
            requests.removeLast()
        },
        Broken("a resend without its number", says: "numbered [0, 0]") { spans, _ in spans[5].resendCount = 0 },
        Broken("a call that miscounts its sends", says: "says 3 sends and has 2") { spans, _ in spans[3].attempts = 3 },
    ]

    @Test(arguments: broken) func rejects(_ broken: Broken) {
        var spans = Fixture.spans
        var requests = Fixture.requests
        broken.breaking(&spans, &requests)
        let check = SelfCheck(spans: spans, requests: requests)
        #expect(!check.passed)
        #expect(check.problems.contains { $0.contains(broken.complaint) }, "\(check.problems)")
    }

    @Test func countsWhatIsWrongInItsLine() {
        let spans = Fixture.spans.filter { $0.spanID != Fixture.id(5) }
        let check = SelfCheck(spans: spans, requests: Fixture.requests + [Fixture.request("pricing", 6)])
        #expect(check.line == "traces 1 · orphans 1 · sends matched 2/4")
    }
}

@Suite struct ReceivedRequestTests {
    @Test func readsTheIdsOfATraceparent() throws {
        let ids = try #require(Fixture.request("gateway", 255).ids)
        #expect(ids.traceID == Fixture.traceID)
        #expect(ids.spanID == "00000000000000ff")
    }

    @Test(arguments: [
        nil, "", "none", "00-\(Fixture.traceID)-00000000000000ff", "00-\(Fixture.traceID)-00000000000000f-03",
        "00-\(Fixture.traceID)-00000000000000FF-03", "00-\(Fixture.traceID)-00000000000000fg-03",
    ])
    func refusesWhatIsNotOne(_ header: String?) {
        #expect(ReceivedRequest(service: "gateway", traceparent: header).ids == nil)
    }
}
