import CallChain

/// A small chain by hand: a visitor asks a gateway; the gateway asks pricing, is told 503, backs off and asks again.
enum Fixture {
    static let traceID = String(repeating: "a", count: 32)

    static func id(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    static func span(
        _ number: Int, under parent: Int?, _ service: String, _ kind: ChainSpan.Kind, _ name: String,
        from start: UInt64, to end: UInt64
    ) -> ChainSpan {
        ChainSpan(
            service: service, traceID: traceID, spanID: id(number), parentID: parent.map(id), name: name, kind: kind,
            start: start * 1_000_000, end: end * 1_000_000)
    }

    /// Times are in milliseconds.
    static var spans: [ChainSpan] {
        var spans = [
            span(1, under: nil, "visitor", .call, "GET", from: 0, to: 100),
            span(2, under: 1, "visitor", .client, "GET", from: 0, to: 100),
            span(3, under: 2, "gateway", .server, "/gateway", from: 10, to: 90),
            span(4, under: 3, "gateway", .call, "GET", from: 10, to: 90),
            span(5, under: 4, "gateway", .client, "GET", from: 20, to: 30),
            span(6, under: 4, "gateway", .client, "GET", from: 70, to: 90),
            span(7, under: 5, "pricing", .server, "/pricing", from: 22, to: 28),
            span(8, under: 6, "pricing", .server, "/pricing", from: 72, to: 88),
        ]
        spans[3].attempts = 2
        spans[4].errorType = "503"
        spans[4].failed = true
        spans[5].resendCount = 1
        return spans
    }

    static func request(_ service: String, _ number: Int) -> ReceivedRequest {
        ReceivedRequest(service: service, traceparent: "00-\(traceID)-\(id(number))-03")
    }

    static var requests: [ReceivedRequest] { [request("gateway", 2), request("pricing", 5), request("pricing", 6)] }
}
