import ContrailTesting

/// Stand-ins for the ten services behind a product page, a server each. One fails at first, one is slow today, and one
/// takes requests and says nothing.
final class Shop: Sendable {
    let services: [(name: String, server: FaultServer)]

    init() throws {
        services = try [
            ("catalog", .status(200, body: "a lamp", after: .milliseconds(20))),
            ("pricing", .status(200, body: "49.90", after: .milliseconds(40))),
            ("inventory", .sequence(.status(500), .ok("12 left"))),
            ("reviews", .status(200, body: "four stars", after: .seconds(30))),
            ("recommendations", .acceptAndSilence),
            ("promotions", .status(200, body: "none", after: .milliseconds(60))),
            ("shipping", .status(200, body: "tomorrow", after: .milliseconds(80))),
            ("tax", .ok("19 %")), ("media", .ok("lamp.jpeg")),
            ("seller", .status(200, body: "Lamps & Co", after: .milliseconds(30))),
        ].map { ($0, try FaultServer.start($1)) }
    }
}
