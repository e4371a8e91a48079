// What single steps cost, in CPU nanoseconds. One line of JSON: name to nanoseconds. Run by scripts/bench --micro.
import MicroDecisions
import MicroMetrics

@main struct Micro {
    static func main() async throws {
        var results: [(String, Double)] = []
        results += SpanCosts.all()
        results += PropagationCosts.all()
        results += await QueueCosts.all()
        results += try EncodingCosts.all()
        results += HistogramCosts.all()
        results += DecisionCosts.all()
        let fields = results.map { "\"\($0.0)\": \(($0.1 * 10).rounded() / 10)" }
        print("{" + fields.joined(separator: ", ") + "}")
    }
}
