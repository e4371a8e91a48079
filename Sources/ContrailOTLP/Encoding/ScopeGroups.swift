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
        for span in spans {
            // Neighbours mostly share a scope; then its strings share their storage, and comparing beats hashing.
            if current < 0 || scopes[current] != span.scope {
                if let index = known[span.scope] {
                    current = index
                } else {
                    current = scopes.count
                    known[span.scope] = current
                    scopes.append(span.scope)
                    counts.append(0)
                }
            }
            counts[current] += 1
            scopeOf.append(current)
        }
    }
}
