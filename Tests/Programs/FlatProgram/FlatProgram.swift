import ContrailBase
import ContrailCore
import ContrailCurl
import ContrailTestSupport
import HTTPTypes

/// Sends 200,000 requests to a port and prints what the process holds on the way: descriptors, loop threads, heap.
///
/// A program of its own, because the testing library keeps a backtrace of many an error that is thrown: the heap grows.
@main struct FlatProgram {
    static func main() async throws {
        guard let port = CommandLine.arguments.dropFirst().first.flatMap({ Int($0) }) else { return }
        let url = try RequestURL("http://127.0.0.1:\(port)/")
        await report(-2)  // what a program has before its first request, the runtime's timers included
        let transport = CurlTransport()
        try await run(20_000, transport, url)
        await report(0)
        for round in 1...4 {
            try await run(50_000, transport, url)
            await report(round * 50_000)
        }
        await transport.shutdown()
        await report(-1)
    }

    /// 64 at a time; most are read at once, some as streams, some are cancelled.
    private static func run(_ count: Int, _ transport: CurlTransport, _ url: RequestURL) async throws {
        let request = WireRequest(method: .get, url: url)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<64 {
                group.addTask {
                    for number in 0..<(count / 64 + (worker < count % 64 ? 1 : 0)) {
                        try await one(number, transport, request)
                    }
                }
            }
            try await group.waitForAll()
        }
        while transport.counters.inFlight > 0 { await Task.yield() }
    }

    private static func one(_ number: Int, _ transport: CurlTransport, _ request: WireRequest) async throws {
        switch number % 32 {
        case 0:
            let response = try await transport.send(request, mode: .streaming)
            if case .stream(let stream) = response.body { while try await stream.next() != nil {} }
        case 1:
            let task = Task { _ = try await transport.send(request, mode: .buffered(maxBytes: 4096)) }
            await Task.yield()
            task.cancel()
            _ = await task.result
        default:
            _ = try await transport.send(request, mode: .buffered(maxBytes: 4096))
        }
    }

    /// What was cancelled may still be on its way out: the least heap of some looks.
    private static func report(_ requests: Int) async {
        let time = SystemTime()
        var heap = Int.max
        for _ in 0..<10 {
            try? await time.sleep(until: time.now + .milliseconds(20))
            heap = min(heap, ProcessCount.heapBytes)
        }
        let count = ProcessCount.now()
        print(requests, count.descriptors.count, count.loopThreads, ProcessCount.threads, heap)
    }
}
