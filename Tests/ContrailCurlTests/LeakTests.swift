import ContrailBase
import ContrailCore
import ContrailTestSupport
import HTTPTypes
import Testing

@testable import ContrailCurl

/// Each in a process of its own, since they count what the whole process holds.
@Suite("What is left behind", .serialized, .timeLimit(.minutes(1)))
struct LeakTests {
    @Test func randomCancelsLeaveNothingBehind() async {
        await #expect(processExitsWith: .success) {
            let before = try await ProcessCount.warm()
            var random = SystemRandomNumberGenerator()
            let delays = (0..<2000).map { _ in Int.random(in: 0..<8000, using: &random) }
            try await withServer({
                // Three kinds of peers: prompt, in two pieces, silent.
                switch $0.number % 3 {
                case 0: $0.respond()
                case 1:
                    $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
                    $0.send("-next")
                default: $0.hang()
                }
            }) { server, transport in
                let time = SystemTime()
                var outcomes: [String: Int] = [:]
                await withTaskGroup(of: String.self) { group in
                    for (index, delay) in delays.enumerated() {
                        if index >= 64, let outcome = await group.next() { outcomes[outcome, default: 0] += 1 }
                        group.addTask {
                            let task = Task { () throws -> String in
                                let mode: BodyMode = index.isMultiple(of: 2) ? .streaming : CurlTransport.largeLimit
                                var request = WireRequest.get(server.port)
                                request.deadline = time.now + .seconds(20)
                                let response = try await transport.send(request, mode: mode)
                                if let stream = response.stream { while try await stream.next() != nil {} }
                                return "ok"
                            }
                            try? await time.sleep(until: time.now + .microseconds(delay))
                            task.cancel()
                            do { return try await task.value } catch {
                                return "\((error as? TransportError)?.kind.description ?? "\(error)")"
                            }
                        }
                    }
                    for await outcome in group { outcomes[outcome, default: 0] += 1 }
                }
                #expect(outcomes.values.reduce(0, +) == delays.count)
                #expect(
                    outcomes.keys.allSatisfy { ["ok", "cancelled", "stale_connection"].contains($0) }, "\(outcomes)")
                #expect((outcomes["cancelled"] ?? 0) > 100, "\(outcomes)")
                while transport.counters.inFlight > 0 { await Task.yield() }
                // Still good for use.
                var response: WireResponse?
                for _ in 0..<6 where response == nil {
                    var request = WireRequest.get(server.port)
                    request.deadline = time.now + .seconds(2)
                    response = try? await transport.fetch(request)
                }
                #expect(response != nil)
            }
            #expect(await ProcessCount.settles(to: before))
        }
    }

    @Test func randomCancelsOfUploadsLeaveNothingBehind() async {
        await #expect(processExitsWith: .success) {
            let before = try await ProcessCount.warm()
            let alive = ByteCount()
            try await withServer({
                switch $0.number % 3 {
                case 0: $0.respond()
                case 1: $0.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
                default: $0.hang()
                }
            }) { server, transport in
                let time = SystemTime()
                let block = ByteChunk([UInt8](repeating: 1, count: 50_000))
                await withTaskGroup(of: Void.self) { group in
                    for index in 0..<1000 {
                        if index >= 32 { await group.next() }
                        group.addTask {
                            let body = WireBody(length: nil, isReplayable: true) { sink in
                                alive.add(1)
                                defer { alive.add(-1) }
                                // The last kind brings nothing: its upload is paused.
                                for _ in 0..<(index % 20) { try await sink(block) }
                                if index.isMultiple(of: 3) { try await time.sleep(until: time.now + .seconds(60)) }
                            }
                            let send = Task {
                                var request = WireRequest.upload(server.port, body)
                                request.deadline = time.now + .milliseconds(500)
                                _ = try await transport.fetch(request)
                            }
                            try? await time.sleep(until: time.now + .microseconds(index * 37 % 9000))
                            send.cancel()
                            _ = await send.result
                        }
                    }
                }
                while transport.counters.inFlight > 0 { await Task.yield() }
                // Every source that was begun has ended: none is left waiting.
                while alive.value > 0 { await Task.yield() }
            }
            #expect(await ProcessCount.settles(to: before))
        }
    }

    @Test func shutdownFailsWhatIsUnderWay() async {
        await #expect(processExitsWith: .success) {
            let before = try await ProcessCount.warm()
            let isThere = Gate()
            let server = try RawServer {
                if $0.path == "/stream" { $0.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst") }
                if $0.number == 8 { isThere.open() }
                $0.hang()
            }
            let transport = CurlTransport()
            let streamed = try await transport.send(.get(server.port, "/stream"), mode: .streaming)
            let stream = try #require(streamed.stream)
            let tasks = (0..<7).map { _ in Task { await transport.failure(of: .get(server.port)) } }
            await isThere.opened()
            await transport.shutdown()
            for task in tasks { #expect(await task.value?.kind == .shutDown) }
            let read = Task {
                var error: (any Error)?
                do { while try await stream.next() != nil {} } catch let caught { error = caught }
                return (error as? TransportError)?.kind
            }
            #expect(await read.value == .shutDown)
            #expect(await transport.failure(of: .get(server.port))?.kind == .shutDown)
            await transport.shutdown()
            server.stop()
            #expect(await ProcessCount.settles(to: before))
        }
    }

    @Test func concurrentShutdownsAllReturn() async {
        await #expect(processExitsWith: .success) {
            let before = try await ProcessCount.warm()
            let server = try RawServer { $0.respond() }
            let transport = CurlTransport()
            _ = try await transport.fetch(.get(server.port))
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<10 { group.addTask { await transport.shutdown() } }
            }
            server.stop()
            #expect(await ProcessCount.settles(to: before))
        }
    }

    @Test func aTransportThatNobodyShutDownEndsItsThread() async {
        await #expect(processExitsWith: .success) {
            let before = try await ProcessCount.warm()
            let server = try RawServer { $0.respond() }
            do {
                let transport = CurlTransport()
                _ = try await transport.fetch(.get(server.port))
            }
            server.stop()
            while ProcessCount.now() != before { await Task.yield() }
        }
    }

    @Test func anUnusedTransportHasNoThread() async {
        await #expect(processExitsWith: .success) {
            let before = try await ProcessCount.warm()
            let transport = CurlTransport()
            #expect(await ProcessCount.settles(to: before))
            await transport.shutdown()
            #expect(await transport.failure(of: .get(1))?.kind == .shutDown)
        }
    }

    @Test(.disabled(if: ProcessCount.isAddressSanitized))
    func aStreamedBodyDoesNotGrowTheProcess() async {
        await #expect(processExitsWith: .success) {
            _ = try await ProcessCount.warm()
            try await withServer({ exchange in
                exchange.send("HTTP/1.1 200 OK\r\nContent-Length: \(64 << 20)\r\n\r\n")
                let block = [UInt8](repeating: 7, count: 1 << 16)
                for _ in 0..<1024 where !exchange.isOver { exchange.send(block) }
            }) { server, transport in
                let response = try await transport.send(.get(server.port), mode: .streaming)
                let before = ProcessCount.residentBytes
                var received = 0
                while let chunk = try await response.stream?.next() { received += chunk.count }
                #expect(received == 64 << 20)
                #expect(ProcessCount.residentBytes - before < 24 << 20)
            }
        }
    }

    @Test func withoutDescriptorsSendsFailAndLaterWorkAgain() async {
        await #expect(processExitsWith: .success) {
            _ = try await ProcessCount.warm()
            try await withServer({ $0.respond() }) { server, transport in
                _ = try await transport.fetch(.get(server.port))
                let other = try RawServer { $0.respond() }
                let unstarted = CurlTransport()
                let before = ProcessCount.setDescriptorLimit(8)
                let connect = await transport.failure(of: .get(other.port))
                let start = await unstarted.failure(of: .get(other.port))
                let kept = try? await transport.fetch(.get(server.port))
                _ = ProcessCount.setDescriptorLimit(before)
                #expect(connect?.kind == .localResources)
                #expect(start?.kind == .localResources)
                #expect(kept?.summary.connectionReused == true)
                #expect(try await transport.fetch(.get(other.port)).text == "hello")
                #expect(try await unstarted.fetch(.get(other.port)).text == "hello")
                await unstarted.shutdown()
                other.stop()
            }
        }
    }

    @Test func severalLoopsShareTheWorkAndAllEnd() async {
        await #expect(processExitsWith: .success) {
            let before = try await ProcessCount.warm()
            let servers = try (0..<4).map { _ in try RawServer { $0.respond() } }
            var configuration = CurlTransport.Configuration()
            configuration.loops = 3
            let transport = CurlTransport(configuration)
            let texts = try await withThrowingTaskGroup(of: String.self) { group in
                for index in 0..<1000 {
                    group.addTask { try await transport.fetch(.get(servers[index % 4].port)).text }
                }
                return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(texts == ["hello": 1000])
            #expect(servers.map(\.requestCount) == [250, 250, 250, 250])
            #expect(ProcessCount.now().loopThreads > 1)
            await transport.shutdown()
            for server in servers { server.stop() }
            #expect(await ProcessCount.settles(to: before))
        }
    }
}
