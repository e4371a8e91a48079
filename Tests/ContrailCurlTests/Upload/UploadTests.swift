import ContrailBase
import ContrailCore
import ContrailTestSupport
import Glibc
import HTTPTypes
import Testing

@testable import ContrailCurl

/// A source that a test drives: chunks are handed out when it says so, and it knows when it was given up.
final class ManualSource: Sendable {
    struct Broken: Error, Equatable {}
    let stream: AsyncThrowingStream<ByteChunk, any Error>
    private let output: AsyncThrowingStream<ByteChunk, any Error>.Continuation
    let isGivenUp = Gate()

    init() {
        (stream, output) = AsyncThrowingStream.makeStream(bufferingPolicy: .unbounded)
        output.onTermination = { [isGivenUp] reason in if case .cancelled = reason { isGivenUp.open() } }
    }
    func bring(_ text: String) { output.yield(ByteChunk(text.utf8)) }
    func finish(_ error: (any Error)? = nil) { output.finish(throwing: error) }

    func body(_ length: Int64? = nil) -> WireBody { HTTPCall.Body.stream(stream, length: length).wire }
}

final class ByteCount: Sendable {
    private let count = Locked(0)
    var value: Int { count.withLock { $0 } }
    func add(_ more: Int) { count.withLock { $0 += more } }
}

extension WireRequest {
    static func upload(_ port: Int, _ body: WireBody, _ path: String = "/") -> Self {
        WireRequest(method: .put, url: .local(port, path), body: body)
    }
}

extension WireBody {
    /// `count` chunks of `size` bytes.
    static func blocks(_ count: Int, of size: Int, length: Int64? = nil, made: ByteCount? = nil) -> WireBody {
        let block = ByteChunk([UInt8](repeating: 0x42, count: size))
        return WireBody(length: length, isReplayable: true) { sink in
            for _ in 0..<count {
                try await sink(block)
                made?.add(size)
            }
        }
    }
}

@Suite("Uploads", .timeLimit(.minutes(1)))
struct UploadTests {
    @Test(arguments: [nil, 11] as [Int64?])
    func aSourceArrivesWhole(length: Int64?) async throws {
        try await withServer({ $0.respond() }) { server, transport in
            for _ in 0..<3 {
                let source = ManualSource()
                source.bring("hello ")
                source.bring("")
                source.bring("world")
                source.finish()
                let summary = try await transport.fetch(.upload(server.port, source.body(length))).summary
                #expect(summary.requestBodyBytes == 11)
            }
            #expect(server.bodies == Array(repeating: Array("hello world".utf8), count: 3))
            #expect(server.connectionCount == 1)
            let head = try #require(server.heads.first).lowercased()
            #expect(head.hasPrefix("put / "))
            #expect(head.contains(length == nil ? "transfer-encoding: chunked\r\n" : "content-length: 11\r\n"))
            #expect(!head.contains("expect") && !head.contains("content-type"))
            #expect(head.contains("content-length") != head.contains("transfer-encoding"))
        }
    }

    @Test(arguments: ["POST", "PUT", "PATCH", "DELETE", "GET", "QUERY"], [nil, 3] as [Int64?])
    func everyMethodCanCarryASource(method: String, length: Int64?) async throws {
        try await withServer({ $0.respond() }) { server, transport in
            var request = WireRequest.upload(server.port, .blocks(3, of: 1, length: length))
            request.method = try #require(HTTPRequest.Method(method))
            _ = try await transport.fetch(request)
            #expect(server.bodies == [[0x42, 0x42, 0x42]])
            #expect(server.heads.first?.hasPrefix("\(method) / ") == true)
        }
    }

    @Test(arguments: [nil, 0] as [Int64?])
    func anEmptySourceIsAnEmptyBody(length: Int64?) async throws {
        try await withServer({ $0.respond() }) { server, transport in
            let summary = try await transport.fetch(.upload(server.port, .blocks(0, of: 1, length: length))).summary
            #expect(server.bodies == [[]])
            #expect(summary.uploaded != nil && summary.requestBodyBytes == 0)
            #expect(try await transport.fetch(.get(server.port)).summary.connectionReused)
        }
    }

    /// Three sizes around libcurl's buffers, from memory and from a source.
    @Test(arguments: [65_536, 65_537, 262_144, 3_000_001], [true, false])
    func largeBodiesArriveWhole(count: Int, isInMemory: Bool) async throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        try await withServer({ $0.respond() }) { server, transport in
            let source = WireBody(length: Int64(count), isReplayable: true) { sink in
                for start in stride(from: 0, to: count, by: 100_000) {
                    try await sink(ByteChunk(bytes[start..<min(start + 100_000, count)]))
                }
            }
            let summary = try await transport.fetch(
                .upload(server.port, isInMemory ? WireBody(ByteChunk(bytes)) : source)
            ).summary
            #expect(server.bodies == [bytes])
            #expect(summary.requestBodyBytes == Int64(count))
            #expect((summary.uploaded != nil) == (!isInMemory || count > 65_536))
        }
    }

    @Test func aSlowPeerHoldsTheSourceBack() async throws {
        let mayRead = Gate()
        let made = ByteCount()
        let total = 64 << 20
        try await withServer(
            readsBodies: false,
            { exchange in
                mayRead.wait()
                var count = 0
                while count < total {
                    let got = exchange.receive(1 << 20).count
                    guard got > 0 else { return }
                    count += got
                }
                exchange.respond()
            }
        ) { server, transport in
            let answer = Task {
                try await transport.fetch(
                    .upload(server.port, .blocks(total >> 16, of: 1 << 16, length: Int64(total), made: made)))
            }
            // Until nothing moves any more: the socket's buffers take some MB, ours half a MB.
            var last = -1
            let time = SystemTime()
            while made.value != last || last <= 0 {
                last = made.value
                try await time.sleep(until: time.now + .milliseconds(100))
            }
            #expect(last < 16 << 20)
            mayRead.open()
            #expect(try await answer.value.summary.requestBodyBytes == Int64(total))
        }
    }

    @Test func aSlowSourceIsWaitedFor() async throws {
        let source = ManualSource()
        try await withServer({ $0.respond() }) { server, transport in
            var request = WireRequest.upload(server.port, source.body())
            // Not the peer's silence.
            request.idleWriteTimeout = .milliseconds(20)
            let answer = Task { [request] in try await transport.fetch(request) }
            let time = SystemTime()
            for text in ["a", "b", "c"] {
                try await time.sleep(until: time.now + .milliseconds(30))
                source.bring(text)
            }
            source.finish()
            _ = try await answer.value
            #expect(server.bodies == [Array("abc".utf8)])
        }
    }

    // MARK: The source's faults

    @Test(arguments: [nil, 10] as [Int64?])
    func aSourceThatFailsFailsTheSendWithItsError(length: Int64?) async throws {
        try await withServer({ $0.respond() }) { server, transport in
            let source = ManualSource()
            source.bring("half")
            source.finish(ManualSource.Broken())
            let error = await transport.failure(of: .upload(server.port, source.body(length)))
            #expect(error?.kind == .requestBodyFailed)
            #expect(error?.cause is ManualSource.Broken)
            #expect(error?.summary.wireSends == 1)
            let text = try await transport.fetch(.get(server.port)).text
            #expect(text == "hello")
        }
    }

    /// Chunked, the last chunk is missing; counted, bytes are missing: the peer can tell either from a whole request.
    @Test(arguments: [nil, 10] as [Int64?])
    func nothingHalfSentLooksWhole(length: Int64?) async throws {
        let received = Locked<[UInt8]>([])
        let isClosed = Gate()
        try await withServer(
            readsBodies: false,
            { exchange in
                while true {
                    let bytes = exchange.receive(1000)
                    guard !bytes.isEmpty else { break }
                    received.withLock { $0 += bytes }
                }
                isClosed.open()
            }
        ) { server, transport in
            let source = ManualSource()
            source.bring("half")
            let failure = Task { await transport.failure(of: .upload(server.port, source.body(length))) }
            while server.requestCount == 0 || received.withLock({ $0.isEmpty }) { await Task.yield() }
            source.finish(ManualSource.Broken())
            #expect(await failure.value?.kind == .requestBodyFailed)
            await isClosed.opened()
            #expect(
                received.withLock { String(decoding: $0, as: UTF8.self) } == (length == nil ? "4\r\nhalf\r\n" : "half"))
        }
    }

    @Test(arguments: ["abc", "abcdef"])
    func aBrokenPromiseIsTheCallersFault(text: String) async throws {
        let received = Locked(0)
        try await withServer(
            readsBodies: false,
            { exchange in
                while true {
                    let count = exchange.receive(1000).count
                    guard count > 0 else { return }
                    received.withLock { $0 += count }
                }
            }
        ) { server, transport in
            let source = ManualSource()
            for letter in text { source.bring(String(letter)) }
            source.finish()
            let error = await transport.failure(of: .upload(server.port, source.body(5)))
            #expect(error?.kind == .requestBodyLength)
            #expect(error?.message.contains("5") == true)
            // The peer never had a whole request.
            #expect(received.withLock { $0 } < 5)
        }
    }

    @Test func aOneShotSourceIsTakenOnceOnly() async throws {
        try await withServer({ $0.respond() }) { server, transport in
            let source = ManualSource()
            source.bring("a")
            source.finish()
            let request = WireRequest.upload(server.port, source.body())
            _ = try await transport.fetch(request)
            let error = await transport.failure(of: request)
            #expect(error?.kind == .requestBodyFailed && error?.cause is WireBody.AlreadySent)
        }
    }

    @Test func aSourceIsNotAskedBeforeThereIsAConnection() async throws {
        let port = try await withServer({ $0.respond() }) { server, _ in server.port }
        let transport = CurlTransport()
        let source = ManualSource()
        source.bring("a")
        source.finish()
        let request = WireRequest.upload(port, source.body())
        #expect(await transport.failure(of: request)?.kind == .connect)
        #expect(request.body?.canBeSent == true)
        await transport.shutdown()
        #expect(await transport.failure(of: request)?.kind == .shutDown)
        #expect(request.body?.canBeSent == true)
    }

    @Test func aSourceThatBringsTwoChunksAtOnceIsRefused() async throws {
        let mayRead = Gate()
        try await withServer(readsBodies: false, { _ in mayRead.wait() }) { server, transport in
            let block = ByteChunk([UInt8](repeating: 1, count: 1 << 20))
            let body = WireBody(length: nil, isReplayable: true) { sink in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<2 { group.addTask { while true { try await sink(block) } } }
                    try await group.next()
                }
            }
            #expect(await transport.failure(of: .upload(server.port, body))?.kind == .requestBodyFailed)
            mayRead.open()
        }
    }

    // MARK: The peer's faults

    @Test(arguments: [CurlTransport.largeLimit, .streaming], [nil, 1 << 30] as [Int64?])
    func anEarlyRefusalIsTheResponse(mode: BodyMode, length: Int64?) async throws {
        try await withServer(
            readsBodies: false,
            { exchange in
                // Before that the source is not even asked.
                _ = exchange.receive(5)
                exchange.send("HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nmuch")
                while !exchange.receive(1 << 20).isEmpty {}
            }
        ) { server, transport in
            let source = ManualSource()
            source.bring("begun")
            let response = try await transport.send(.upload(server.port, source.body(length)), mode: mode)
            #expect(response.head.status.code == 413)
            await source.isGivenUp.opened()
            if let stream = response.stream {
                #expect(try await stream.next().map(String.init) == "much")
                #expect(try await stream.next() == nil)
            } else {
                #expect(response.text == "much")
            }
        }
    }

    @Test func aPeerThatClosesWhileTheSourceIsSlowIsNoticed() async throws {
        let mayClose = Gate()
        try await withServer(
            readsBodies: false,
            { exchange in
                _ = exchange.receive(5)
                mayClose.wait()
            }
        ) { server, transport in
            let source = ManualSource()
            source.bring("begun")
            let request = WireRequest.upload(server.port, source.body())
            let failure = Task { await transport.failure(of: request) }
            while request.body?.canBeSent == true { await Task.yield() }
            mayClose.open()
            // Unnoticed, it would end as idle_write_timeout or not at all.
            let error = await failure.value
            #expect(error?.kind == .connectionReset || error?.kind == .emptyReply)
            await source.isGivenUp.opened()
        }
    }

    @Test(arguments: [true, false]) func aPeerThatNeverReadsIsGivenUp(isInMemory: Bool) async throws {
        let isOver = Gate()
        try await withServer(readsBodies: false, { _ in isOver.wait() }) { server, transport in
            let block = [UInt8](repeating: 1, count: 64 << 20)
            let body = isInMemory ? WireBody(ByteChunk(block)) : .blocks(1024, of: 1 << 16)
            var request = WireRequest.upload(server.port, body)
            request.idleWriteTimeout = .milliseconds(300)
            let error = await transport.failure(of: request)
            #expect(error?.kind == .idleWriteTimeout)
            #expect(error?.summary.wireSends == 1 && error?.summary.uploaded == nil)
            let ended = try #require(error?.summary.ended)
            #expect(ended - (error?.summary.requestStarted ?? ended) >= .milliseconds(300))
            isOver.open()
        }
    }

    /// A peer that takes a little now and then is slow, not silent.
    @Test func aPeerThatReadsSlowlyIsNotGivenUp() async throws {
        let total = 16 << 20
        try await withServer(
            readsBodies: false,
            { exchange in
                var count = 0
                while count < total {
                    let got = exchange.receive(1 << 18).count
                    guard got > 0 else { return }
                    count += got
                    usleep(25_000)
                }
                exchange.respond()
            }
        ) { server, transport in
            var request = WireRequest.upload(server.port, WireBody(ByteChunk([UInt8](repeating: 1, count: total))))
            request.idleWriteTimeout = .milliseconds(600)
            let text = try await transport.fetch(request).text
            #expect(text == "hello")
        }
    }

    /// libcurl would send the body a second time, without telling.
    @Test(arguments: [true, false]) func aStaleConnectionDoesNotGetTheBodyAgain(isInMemory: Bool) async throws {
        try await withServer({ exchange in
            if exchange.numberOnConnection == 1 { return exchange.respond() }
            exchange.finish()
        }) { server, transport in
            _ = try await transport.fetch(.get(server.port))
            let count = 100_000
            let source = ManualSource()
            source.bring(String(repeating: "x", count: count))
            source.finish()
            let body = isInMemory ? WireBody(ByteChunk([UInt8](repeating: 1, count: count))) : source.body()
            let error = await transport.failure(of: .upload(server.port, body))
            #expect(error?.kind == .staleConnection)
            #expect(server.requestCount == 2 && server.connectionCount == 1)
        }
    }

    // MARK: Ends

    @Test func theDeadlineEndsAnUploadAndItsSource() async throws {
        try await withServer(readsBodies: false, { $0.hang() }) { server, transport in
            let source = ManualSource()
            source.bring("begun")
            var request = WireRequest.upload(server.port, source.body())
            request.deadline = SystemTime().now + .milliseconds(50)
            #expect(await transport.failure(of: request)?.kind == .timeout)
            // On a busy machine the time may be over before the source was asked at all.
            if request.body?.canBeSent == false { await source.isGivenUp.opened() }
        }
    }

    @Test func cancellingEndsAnUploadAndItsSource() async throws {
        try await withServer(readsBodies: false, { $0.hang() }) { server, transport in
            let source = ManualSource()
            source.bring("begun")
            let request = WireRequest.upload(server.port, source.body())
            let send = Task { _ = try await transport.fetch(request) }
            while request.body?.canBeSent == true { await Task.yield() }
            send.cancel()
            await expectCancelled { try await send.value }
            await source.isGivenUp.opened()
            while transport.counters.inFlight > 0 { await Task.yield() }
        }
    }

    @Test func aSourceSeesTheCallersTaskLocals() async throws {
        enum Locals { @TaskLocal static var name = "" }
        try await withServer({ $0.respond() }) { server, transport in
            let body = WireBody(length: nil, isReplayable: true) { try await $0(ByteChunk(Locals.name.utf8)) }
            _ = try await Locals.$name.withValue("mine") { try await transport.fetch(.upload(server.port, body)) }
            #expect(server.bodies == [Array("mine".utf8)])
        }
    }

    /// Both directions at once, the response paused and resumed while the request is still going out.
    @Test func aResponseCanComeWhileTheRequestGoesOut() async throws {
        let size = 4 << 20
        try await withServer(
            readsBodies: false,
            { exchange in
                exchange.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
                exchange.send([UInt8](repeating: 2, count: size))
                var tail: [UInt8] = []
                while !tail.suffix(5).elementsEqual("0\r\n\r\n".utf8) {
                    let bytes = exchange.receive(4096)
                    guard !bytes.isEmpty else { return }
                    tail = Array((tail + bytes).suffix(5))
                }
                exchange.finish()
            }
        ) { server, transport in
            let source = ManualSource()
            source.bring("begun")
            let response = try await transport.send(.upload(server.port, source.body()), mode: .streaming)
            let stream = try #require(response.stream)
            var received = 0
            while received < size, let chunk = try await stream.next() {
                received += chunk.count
                source.bring("more")
            }
            #expect(received == size)
            source.finish()
            #expect(try await stream.next() == nil)
        }
    }
}
