/// Sends that share all their token buckets: they stand in one line.
struct RateLane: Hashable, Sendable {
    let origin: Origin
    let key: String?
}

/// A token bucket's name: the rule, and who shares it.
struct RateBucketID: Hashable, Sendable {
    enum Owner: Hashable, Sendable {
        case client
        case origin(Origin)
        case key(String)
        /// What the server said about this lane.
        case server(RateLane)
    }
    /// The rule's place in the list; -1 for what the server said.
    let rule: Int
    let owner: Owner
}

/// What a send takes: so many tokens from each of these buckets. All or nothing.
struct RateClaim: Hashable, Sendable {
    struct Charge: Hashable, Sendable {
        let bucket: RateBucketID
        let cost: Double
    }
    let lane: RateLane
    let charges: [Charge]

    init(_ limits: RateLimits, lane: RateLane, tokenCost: Int) {
        self.lane = lane
        var charges: [Charge] =
            limits.followsServer ? [Charge(bucket: .init(rule: -1, owner: .server(lane)), cost: 0)] : []
        for (index, rule) in limits.rules.enumerated() {
            guard let owner = Self.owner(rule.scope, lane) else { continue }
            let cost = rule.unit == .requests ? 1 : Double(max(tokenCost, 0))
            charges.append(Charge(bucket: RateBucketID(rule: index, owner: owner), cost: cost))
        }
        self.charges = charges
    }

    private static func owner(_ scope: RateLimit.Scope, _ lane: RateLane) -> RateBucketID.Owner? {
        switch scope {
        case .client: .client
        case .origin: .origin(lane.origin)
        case .key: lane.key.map { .key($0) }
        }
    }
}
