import ContrailBase
import ContrailTesting
import Dispatch
import Glibc

/// A server on real sockets that works on so many requests at once and lets the others wait, or fails them all.
final class ModelOrigin: Sendable {
    let work: Work
    private let server: LoopbackServer

    /// - Parameters:
    ///   - answerTime: how long the work on a request takes, in milliseconds.
    ///   - failureTime: how long a failure takes.
    init(capacity: Int, answerTime: Int, failureTime: Int = 0) throws {
        let work = Work(answerTime: UInt32(answerTime) * 1_000, failureTime: UInt32(failureTime) * 1_000)
        server = try LoopbackServer { connection in
            var input = LoopbackInput(connection)
            while case .head = input.nextHead() {
                guard connection.send(work.answer()) else { break }
            }
        }
        self.work = work
        work.setCapacity(capacity)
    }

    var url: String { "http://127.0.0.1:\(server.port)/" }

    func stop() { server.stop() }

    final class Work: Sendable {
        private struct State {
            var capacity = 0
            var fails = false
            var arrived = 0
            var underWay = 0
            /// Of what was under way whenever a request came.
            var underWaySum = 0
        }

        private static let good = Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8)
        private static let bad = Array("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n".utf8)

        private let state = Locked(State())
        private let places = DispatchSemaphore(value: 0)
        private let answerTime: UInt32
        private let failureTime: UInt32

        init(answerTime: UInt32, failureTime: UInt32) {
            self.answerTime = answerTime
            self.failureTime = failureTime
        }

        var arrived: Int { state.withLock { $0.arrived } }

        /// The mean since the last look.
        func takeMeanUnderWay() -> Double {
            state.withLock { state in
                defer { (state.arrived, state.underWaySum) = (0, 0) }
                return Double(state.underWaySum) / Double(max(state.arrived, 1))
            }
        }

        func setFailing(_ fails: Bool) { state.withLock { $0.fails = fails } }

        /// Blocks until so many places are free that some can be taken away.
        func setCapacity(_ capacity: Int) {
            let change = state.withLock { state in
                defer { state.capacity = capacity }
                return capacity - state.capacity
            }
            for _ in 0..<max(0, change) { places.signal() }
            for _ in 0..<max(0, -change) { places.wait() }
        }

        fileprivate func answer() -> [UInt8] {
            let fails = state.withLock { state in
                state.arrived += 1
                state.underWay += 1
                state.underWaySum += state.underWay
                return state.fails
            }
            defer { state.withLock { $0.underWay -= 1 } }
            places.wait()
            usleep(fails ? failureTime : answerTime)
            places.signal()
            return fails ? Self.bad : Self.good
        }
    }
}
