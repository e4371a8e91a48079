import ContrailTelemetry

/// Which span belongs to which scope. Scopes stand in the order in which they first occur.
struct ScopeGroups {
    private(set) var scopes: [Telemetry.Scope] = []
    /// How many spans each scope has.
    private(set) var counts: [Int] = []
    /// For each span the index of its scope.
    private(set) var scopeOf: [Int] = []

    init(_ spans: [Telemetry.SpanData]) {
        scopeOf.reserveCapacity(spans.count)
        var known: [Telemetry.Scope: Int] = [:]
        var current = -1
        // By index: an element would be copied, with a count for each of its references.
        for index in spans.indices {
            // Neighbours mostly share a scope; then its strings share their storage, and comparing beats hashing.
            if current < 0 || scopes[current] != spans[index].scope {
                let scope = spans[index].scope
                if let index = known[scope] {
                    current = index
                } else {
                    current = scopes.count
                    known[scope] = current
                    scopes.append(scope)
                    counts.append(0)
                }
            }
            counts[current] += 1
            scopeOf.append(current)
        }
    }
}
