import Contrail
import MicroKit
import Tracing

/// A context into headers and out of them.
enum PropagationCosts {
    private static let count = 50_000

    static func all() -> [(String, Double)] {
        let propagator = Telemetry.CompositePropagator.standard
        var context = ServiceContext.topLevel
        context.spanContext = Sample.context
        var headers: [String: String] = [:]
        propagator.inject(context, into: &headers, using: Fields())
        let inject = Stopwatch.perUnit {
            for _ in 0..<count { propagator.inject(context, into: &headers, using: Fields()) }
            return count
        }
        let extract = Stopwatch.perUnit {
            for _ in 0..<count {
                var context = ServiceContext.topLevel
                propagator.extract(headers, into: &context, using: Fields())
                keep(context)
            }
            return count
        }
        return [("inject", inject), ("extract", extract)]
    }

    private struct Fields: Injector, Extractor {
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
    }
}
