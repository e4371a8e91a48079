import ContrailBase
import ContrailTesting
import Foundation
import HTTPTypes
import Testing

@testable import ContrailCore

@Suite(.timeLimit(.minutes(1))) struct ProgressTests {
    private let progress = HTTPCall.Progress()

    private func pipeline(_ steps: ScriptedTransport.Step...) -> CallPipeline {
        var settings = PipelineSettings()
        settings.random = SeededRandom(seed: 1)
        settings.retry.backOff.sequence = [.zero]
        let script = Locked(steps[...])
        let transport = ScriptedTransport(
            .custom { request in
                let step = script.withLock { $0.popFirst() } ?? .status(599)
                return try await ScriptedTransport(step).send(request, mode: .streaming)
            })
        return CallPipeline(settings: settings, transport: transport)
    }

    private func request(_ method: HTTPRequest.Method = .put, body: HTTPCall.Body? = nil) -> HTTPCall.Request {
        var request = HTTPCall.Request(method, "http://a.test/", body: body)
        request.progress = progress
        return request
    }

    /// What an iteration that begins now starts with. There must be something.
    private static func newest(_ progress: HTTPCall.Progress) async -> HTTPCall.Progress.Value? {
        var values = progress.makeAsyncIterator()
        return await values.next()
    }

    /// What the reader who comes last still gets.
    private func rest() async -> [HTTPCall.Progress.Value] {
        var values: [HTTPCall.Progress.Value] = []
        for await value in progress { values.append(value) }
        return values
    }

    private static func value(
        send: Int = 0, up: (Int64, Int64?) = (0, 0), down: (Int64, Int64?) = (0, nil)
    ) -> HTTPCall.Progress.Value {
        .init(
            sendOrdinal: send, upload: .init(bytes: up.0, totalBytes: up.1),
            download: .init(bytes: down.0, totalBytes: down.1))
    }

    /// A send that takes the body and notes what is reported before each chunk of it and behind the last one.
    private func taking(
        _ seen: Seen, then answer: ScriptedTransport.Step = .status(200, body: "ok")
    ) -> ScriptedTransport.Step {
        .custom { [progress] request in
            if let bytes = request.body?.bytes {
                #expect(bytes.isEmpty == false)
            } else {
                try await request.body?.write { _ in seen.add(await Self.newest(progress)) }
            }
            seen.add(await Self.newest(progress))
            return try await ScriptedTransport(answer).send(request, mode: .streaming)
        }
    }

    private final class Seen: Sendable {
        private let values = Locked<[HTTPCall.Progress.Value?]>([])
        func add(_ value: HTTPCall.Progress.Value?) { values.withLock { $0.append(value) } }
        var all: [HTTPCall.Progress.Value?] { values.withLock { $0 } }
    }

    // MARK: Upload

    @Test(arguments: [3, nil] as [Int64?])
    func aStreamedUploadIsCountedAsTheTransportTakesIt(length: Int64?) async throws {
        let seen = Seen()
        let body = HTTPCall.Body.stream(Chunks(texts: ["a", "bc"]), length: length)
        _ = try await pipeline(taking(seen)).stream(request(body: body)).body.collect()
        #expect(
            seen.all == [Self.value(up: (0, length)), Self.value(up: (1, length)), Self.value(up: (3, 3))])
    }

    @Test func bytesInMemoryAreReportedAtBeginAndEnd() async throws {
        let seen = Seen()
        let response = try await pipeline(taking(seen)).stream(request(body: .text("hello")))
        #expect(seen.all == [Self.value(up: (0, 5))])
        #expect(await Self.newest(progress) == Self.value(up: (5, 5), down: (2, 2)))
        response.body.cancel()
    }

    @Test func bytesThatAnEarlyRefusalLeftAreNotCounted() async throws {
        let early = ScriptedTransport.Step.custom { request in
            var response = try await ScriptedTransport(.status(413)).send(request, mode: .streaming)
            response.summary.requestBodyBytes = 3
            return response
        }
        _ = try await pipeline(early).stream(request(body: .text("hello")))
        #expect(await Self.newest(progress)?.upload == .init(bytes: 3, totalBytes: 5))
    }

    @Test(arguments: [503, 307])
    func aFurtherSendStartsAnew(status: Int) async throws {
        let seen = Seen()
        let body = HTTPCall.Body.factory { Chunks(texts: ["abc"]) }
        let answer = ScriptedTransport.Step.status(status, headers: [.location: "/b"], body: "not counted")
        let pipeline = pipeline(taking(seen, then: answer), taking(seen))
        _ = try await pipeline.stream(request(body: body)).body.collect()
        #expect(
            seen.all == [
                Self.value(up: (0, nil)), Self.value(up: (3, 3)),
                Self.value(send: 1, up: (0, nil)), Self.value(send: 1, up: (3, 3)),
            ])
        #expect(await rest() == [Self.value(send: 1, up: (3, 3), down: (2, 2))])
    }

    /// Else the wrapped source would be asked again, and a retry would send nothing of it.
    @Test func aOneShotBodyStaysOne() async throws {
        let seen = Seen()
        let body = HTTPCall.Body.stream(Chunks(texts: ["abc"]), length: 3)
        let response = try await pipeline(taking(seen, then: .status(503)), taking(seen)).stream(request(body: body))
        #expect(response.status == .serviceUnavailable)
        #expect(seen.all.map { $0?.sendOrdinal } == [0, 0])
    }

    @Test func aBodyThatIsWrittenTwiceIsNotCountedTwice() async throws {
        let twice = ScriptedTransport.Step.custom { request in
            for _ in 0..<2 { _ = try await request.body?.collect(upTo: 10) }
            return try await ScriptedTransport(.status(200)).send(request, mode: .streaming)
        }
        _ = try await pipeline(twice).stream(request(body: .factory { Chunks(texts: ["abc"]) }))
        #expect(await Self.newest(progress)?.upload == .init(bytes: 3, totalBytes: 3))
    }

    // MARK: Download

    @Test(arguments: [5, nil] as [Int64?])
    func aStreamedBodyIsCountedAsItIsTaken(length: Int64?) async throws {
        var headers = HTTPFields()
        if let length { headers[.contentLength] = String(length) }
        let response = try await pipeline(.stream(200, headers: headers, ScriptedBody("he", "llo"))).stream(
            request(.get))
        var seen = [await Self.newest(progress)?.download]
        for try await _ in response.body { seen.append(await Self.newest(progress)?.download) }
        #expect(
            seen == [
                .init(bytes: 0, totalBytes: length), .init(bytes: 2, totalBytes: length),
                .init(bytes: 5, totalBytes: length),
            ])
        #expect(await rest() == [Self.value(down: (5, 5))])
    }

    @Test func aCollectedBodyIsReportedAtItsEnd() async throws {
        let collected = ScriptedTransport.Step.custom { request in
            try await ScriptedTransport(.status(200, body: "hello")).send(request, mode: .buffered(maxBytes: 10))
        }
        _ = try await pipeline(collected).execute(request(.get))
        #expect(await rest() == [Self.value(down: (5, 5))])
    }

    @Test func aDownloadToAFileCountsTheFileOverAllItsCalls() async throws {
        let path = NSTemporaryDirectory() + "contrail-progress-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let seen = Seen()
        var options = HTTPCall.DownloadOptions()
        let told = Locked<[Int64]>([])
        options.onProgress = { now in told.withLock { $0.append(now.receivedBytes) } }
        let broken = ScriptedTransport.Step.stream(
            200, headers: [.eTag: "\"v1\"", .contentLength: "10"],
            ScriptedBody("hello", then: .failure(.connectionReset)))
        let rest = ScriptedTransport.Step.stream(
            206, headers: [.eTag: "\"v1\"", .contentRange: "bytes 5-9/10"], ScriptedBody("world"))
        let between = ScriptedTransport.Step.custom { [progress] request in
            seen.add(await Self.newest(progress))
            return try await ScriptedTransport(rest).send(request, mode: .streaming)
        }
        _ = try await pipeline(broken, between).download(request(.get), to: path, options: options)
        #expect(seen.all == [Self.value(up: (0, nil), down: (5, 10))])
        #expect(await self.rest() == [Self.value(up: (0, nil), down: (10, 10))])
        #expect(told.withLock { $0 } == [5, 10])
    }

    private final class Decoded: HeaderSource {
        let fields: HTTPFields = [.contentLength: "5"]
        let decodedFrom: String? = "gzip"
    }

    private static func head(_ status: Int, length: String) -> ResponseHead {
        ResponseHead(status: .init(code: status), headers: [.contentLength: length])
    }

    private static let totals: [(HTTPRequest.Method, ResponseHead, Int64?)] = [
        (.get, head(200, length: "5"), 5), (.head, head(200, length: "5"), 0), (.get, head(204, length: "5"), 0),
        (.get, head(304, length: "5"), 0), (.get, head(200, length: "-5"), nil), (.get, head(200, length: "x"), nil),
        (.get, ResponseHead(status: .ok, version: nil, source: Decoded()), nil),
    ]

    @Test(arguments: totals.indices)
    func theTotalIsThatOfTheBytesThatCome(index: Int) async {
        let (method, head, total) = Self.totals[index]
        progress.downloadBegins(head, method: method)
        #expect(await Self.newest(progress)?.download == .init(bytes: 0, totalBytes: total))
    }

    // MARK: Reader and end

    @Test func aSlowReaderGetsTheLastValueOnly() async {
        for send in 0..<1000 { progress.change { $0.sendBegins(send, uploadTotal: 1) } }
        progress.end()
        #expect(await rest() == [Self.value(send: 999, up: (0, 1))])
    }

    @Test func aReaderWaitsForNews() async {
        let (progress, rings) = (progress, AsyncStream<HTTPCall.Progress.Value>.makeStream())
        let reader = Task {
            for await value in progress { rings.continuation.yield(value) }
            rings.continuation.finish()
        }
        var values = rings.stream.makeAsyncIterator()
        for send in 0..<3 {
            progress.change { $0.sendBegins(send, uploadTotal: 1) }
            #expect(await values.next() == Self.value(send: send, up: (0, 1)))
        }
        progress.end()
        #expect(await values.next() == nil)
        await reader.value
    }

    @Test func aCancelledReaderLeavesTheCallAlone() async throws {
        let progress = progress
        let reader = Task { for await _ in progress {} }
        reader.cancel()
        await reader.value
        #expect(try await pipeline(.status(200)).stream(request(.get)).status == .ok)
    }

    @Test func itEndsWithEveryCall() async throws {
        let calls: [@Sendable (ProgressTests) async throws -> Void] = [
            { _ = try await $0.pipeline(.failure(.bodyTooLarge)).execute($0.request(.get)) },
            { _ = try await $0.pipeline(.failure(.bodyTooLarge)).stream($0.request(.get)) },
            {
                let broken = ScriptedBody("a", then: .failure(.connectionReset))
                _ = try await $0.pipeline(.stream(200, broken)).stream($0.request(.get)).body.collect()
            },
            { _ = try await $0.pipeline(.stream(200, ScriptedBody("a"))).stream($0.request(.get)) },
            {
                var invalid = $0.request(.get)
                invalid.url = "http://["
                _ = try await $0.pipeline().execute(invalid)
            },
            {
                var invalid = $0.request(.get)
                invalid.timeout = .zero
                _ = try await $0.pipeline().stream(invalid)
            },
            {
                var invalid = $0.request(.get)
                invalid.url = "http://["
                _ = try await $0.pipeline().download(invalid, to: "/nowhere/x", options: .init())
            },
        ]
        for call in calls {
            let test = ProgressTests()
            try? await call(test)
            _ = await test.rest()
        }
    }

    @Test func aSecondCallReportsNothing() async throws {
        let pipeline = pipeline(.status(200, body: "one"), .status(200, body: "second"))
        _ = try await pipeline.stream(request(.get))
        _ = try await pipeline.stream(request(.get))
        #expect(await rest() == [Self.value(down: (3, 3))])
    }

    // MARK: Counting

    @Test func anOlderSendHasNoSay() {
        var count = TransferCount()
        let isNews = [
            count.sendBegins(1, uploadTotal: 5), count.sendBegins(0, uploadTotal: 7), count.uploaded(1, send: 0),
            count.uploaded(inAll: 1, send: 0), count.uploadIsComplete(send: 0),
        ]
        #expect(isNews == [true, false, false, false, false])
        #expect(count.value == Self.value(send: 1, up: (0, 5)))
    }

    @Test func theFirstValueIsNewsAndTheSameAgainIsNot() {
        var count = TransferCount()
        #expect(count.news(after: 0) == nil)
        let isNews = [
            count.sendBegins(0, uploadTotal: nil), count.sendBegins(0, uploadTotal: nil), count.downloaded(0),
        ]
        #expect(isNews == [true, false, false])
        #expect(count.news(after: 0)?.number == 1)
        #expect(count.news(after: 1) == nil)
    }

    @Test func nothingIsNewsAfterTheEnd() {
        var count = TransferCount()
        var isNews = [count.downloaded(5)]
        count.end()
        isNews += [count.downloaded(5), count.downloadIsComplete(), count.sendBegins(1, uploadTotal: 1)]
        #expect(isNews == [true, false, false, false])
        #expect(count.value.download == .init(bytes: 5, totalBytes: nil))
    }
}
