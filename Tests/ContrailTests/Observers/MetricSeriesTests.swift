import ContrailCore
import Testing

@testable import Contrail

@Suite struct MetricSeriesTests {
    private func series(_ number: Int, _ name: MetricName = .requestDuration) -> MetricSeries {
        var series = MetricSeries(name)
        series.urlTemplate = "/\(number)"
        return series
    }

    /// The instrument of a series; made as the number of instruments so far.
    private func use(_ series: MetricSeries, _ table: inout SeriesTable<Int>, _ made: inout [MetricSeries]) -> Int {
        switch table.find(series) {
        case .instrument(let instrument): return instrument
        case .missing(let series):
            made.append(series)
            return table.keep(made.count, for: series)
        }
    }

    @Test func oneInstrumentPerSeries() {
        var table = SeriesTable<Int>()
        var made: [MetricSeries] = []
        for _ in 0..<3 { for number in 0..<5 { #expect(use(series(number), &table, &made) == number + 1) } }
        #expect(made.count == 5)
    }

    @Test func beyondTheLimitAllGoToOneMarkedAsOverflow() {
        var table = SeriesTable<Int>(maxSeries: 10)
        var made: [MetricSeries] = []
        for number in 0..<100 { _ = use(series(number), &table, &made) }
        #expect(made.count == 10)
        #expect(made.last?.dimensions.map(\.0) == ["otel.metric.overflow"])
        #expect(use(series(3), &table, &made) == 4)
        #expect(use(series(99), &table, &made) == 10)
    }

    @Test func theLimitIsThatOfEachMetric() {
        var table = SeriesTable<Int>(maxSeries: 10)
        var made: [MetricSeries] = []
        for number in 0..<100 { _ = use(series(number), &table, &made) }
        #expect(use(series(0, .retryDelay), &table, &made) == 11)
        #expect(made.last == series(0, .retryDelay))
    }

    @Test func twoThatMakeTheSameUseTheFirst() {
        var table = SeriesTable<Int>()
        #expect(table.keep(1, for: series(0)) == 1)
        #expect(table.keep(2, for: series(0)) == 1)
    }
}
