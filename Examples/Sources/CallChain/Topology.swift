/// One service of the chain: its name, how it misbehaves, whom it calls.
package struct ServiceRole: Sendable, Hashable {
    package var name: String
    package var behaviour: Behaviour = .steady
    package var calls: [String] = []

    package init(_ name: String, _ behaviour: Behaviour = .steady, calls: [String] = []) {
        self.name = name
        self.behaviour = behaviour
        self.calls = calls
    }
}

/// What a service does to the first requests it gets. Afterwards it answers 200.
package enum Behaviour: String, Sendable, Hashable, CaseIterable {
    /// Answers at once.
    case steady
    /// Answers every request, late.
    case slow
    /// Answers 503 to the first two requests.
    case overloadedTwice = "overloaded-twice"
    /// Closes the connection under the first request without a byte of an answer.
    case hangsUpOnce = "hangs-up-once"

    /// How many requests fail before one succeeds.
    package var failures: Int {
        switch self {
        case .steady, .slow: 0
        case .overloadedTwice: 2
        case .hangsUpOnce: 1
        }
    }
}

/// Who is there and who calls whom.
package struct Topology: Sendable {
    package var services: [ServiceRole]
    /// The one that the visitor asks.
    package var entry: String

    package init(services: [ServiceRole], entry: String) {
        self.services = services
        self.entry = entry
    }

    /// A shop's product page: a gateway asks ten services at once; one of them asks an eleventh, that one a twelfth.
    package static let shop = Topology(
        services: [
            ServiceRole(
                "gateway",
                calls: [
                    "catalog", "pricing", "inventory", "reviews", "recommendations", "promotions", "shipping", "tax",
                    "media", "search",
                ]),
            ServiceRole("catalog"), ServiceRole("pricing", .overloadedTwice), ServiceRole("inventory", .hangsUpOnce),
            ServiceRole("reviews"), ServiceRole("recommendations", .slow), ServiceRole("promotions"),
            ServiceRole("shipping", calls: ["carriers"]), ServiceRole("tax"), ServiceRole("media"),
            ServiceRole("search"), ServiceRole("carriers", calls: ["geocoding"]), ServiceRole("geocoding"),
        ],
        entry: "gateway")

    /// The services in waves: whom a service calls is up in an earlier wave, for it has to know the address.
    /// `nil` if that cannot be: a circle, or a call to somebody who is not there.
    package var waves: [[ServiceRole]]? {
        var waves: [[ServiceRole]] = []
        var up: Set<String> = []
        var waiting = services
        while !waiting.isEmpty {
            let ready = waiting.filter { up.isSuperset(of: $0.calls) }
            guard !ready.isEmpty else { return nil }
            waves.append(ready)
            up.formUnion(ready.map(\.name))
            waiting.removeAll { up.contains($0.name) }
        }
        return waves
    }

    /// How many requests reach each service if every failure is retried: one per caller, and the failures.
    package var expectedRequests: [String: Int] {
        var expected = Dictionary(services.map { ($0.name, $0.behaviour.failures) }) { first, _ in first }
        expected[entry, default: 0] += 1
        for callee in services.flatMap(\.calls) { expected[callee, default: 0] += 1 }
        return expected
    }
}
