import ContrailBase
import ContrailTesting
import Foundation
import HTTPTypes
import Testing

@testable import ContrailCore

/// Downloads through the pipeline onto a real disk.
@Suite(.timeLimit(.minutes(1))) struct DownloadTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "contrail-download-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private var path: String { folder + "/file" }

    /// Runs a download and removes the folder behind it.
    private func download(
        _ steps: [ScriptedTransport.Step], times: Int = 1,
        _ change: (inout HTTPCall.DownloadOptions) -> Void = { _ in },
        request: HTTPCall.Request = .get("http://a.test/f"), to path: String? = nil
    ) async -> (outcome: Result<HTTPCall.Download, any Error>, requests: [WireRequest]) {
        var next = steps.makeIterator()
        let script = Locked(steps[...])
        _ = next.next()
        let transport = ScriptedTransport(
            .custom { request in
                let step = script.withLock { $0.popFirst() } ?? .status(599)
                return try await ScriptedTransport(step).send(request, mode: .streaming)
            })
        let pipeline = CallPipeline(settings: PipelineSettings(), transport: transport)
        var options = HTTPCall.DownloadOptions()
        change(&options)
        var outcome: Result<HTTPCall.Download, any Error> = .failure(CancellationError())
        for _ in 0..<times {
            do {
                outcome = .success(try await pipeline.download(request, to: path ?? self.path, options: options))
            } catch { outcome = .failure(error) }
        }
        return (outcome, transport.requests)
    }

    private func file(_ path: String? = nil) -> String? {
        FileManager.default.contents(atPath: path ?? self.path).map { String(decoding: $0, as: UTF8.self) }
    }
    private var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() }
    private func cleanUp() { try? FileManager.default.removeItem(atPath: folder) }

    private func whole(_ length: Int, _ chunks: String..., then ending: ScriptedBody.Ending = .complete)
        -> ScriptedTransport.Step
    {
        .stream(
            200, headers: [.eTag: "\"v1\"", .contentLength: String(length)],
            ScriptedBody(chunks.map { ByteChunk($0.utf8) }, then: ending))
    }

    private func part(_ range: String, _ text: String, then ending: ScriptedBody.Ending = .complete)
        -> ScriptedTransport.Step
    {
        .stream(206, headers: [.eTag: "\"v1\"", .contentRange: "bytes \(range)"], ScriptedBody(text, then: ending))
    }

    private func code(_ outcome: Result<HTTPCall.Download, any Error>) -> ClientError.Code? {
        if case .failure(let error) = outcome { (error as? ClientError)?.code } else { nil }
    }

    @Test func theFileIsThereWholeAndNothingElse() async throws {
        defer { cleanUp() }
        let seen = Locked<[HTTPCall.DownloadProgress]>([])
        let (outcome, _) = await download([whole(10, "hello", "world")]) {
            $0.onProgress = { progress in seen.withLock { $0.append(progress) } }
        }
        let result = try outcome.get()
        #expect(file() == "helloworld")
        #expect(names == ["file"])
        #expect(result.byteCount == 10)
        #expect(result.resumeCount == 0)
        #expect(seen.withLock { $0 } == [.init(receivedBytes: 10, totalBytes: 10)])
    }

    @Test func anOldFileIsReplacedOnlyByAWholeOne() async throws {
        defer { cleanUp() }
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        let (outcome, _) = await download([whole(10, "hel", then: .failure(.connectionReset))]) { $0.maxResumes = 0 }
        #expect(code(outcome) == .transport(.connectionReset))
        #expect(file() == "old")
        #expect(names == ["file"])
        _ = try await download([whole(3, "new")]).outcome.get()
        #expect(file() == "new")
    }

    @Test func aBreakIsGoneOnFrom() async throws {
        defer { cleanUp() }
        let (outcome, requests) = await download([
            whole(10, "hel", then: .failure(.connectionReset)), part("3-9/10", "lowo", then: .failure(.truncatedBody)),
            part("7-9/10", "rld"),
        ])
        #expect(try outcome.get().resumeCount == 2)
        #expect(file() == "helloworld")
        #expect(requests.map { $0.headers[.range] } == [nil, "bytes=3-", "bytes=7-"])
        #expect(requests.map { $0.headers[.ifRange] } == [nil, "\"v1\"", "\"v1\""])
    }

    @Test func aChangedFileIsFetchedAnew() async throws {
        defer { cleanUp() }
        let (outcome, _) = await download([
            whole(10, "hello", then: .failure(.connectionReset)),
            .stream(200, headers: [.eTag: "\"v2\""], ScriptedBody("other")),
        ])
        #expect(try outcome.get().byteCount == 5)
        #expect(file() == "other")
    }

    @Test func aWrongPartIsNotBelieved() async throws {
        defer { cleanUp() }
        let (outcome, requests) = await download([
            whole(10, "hello", then: .failure(.connectionReset)), part("6-9/10", "orld"), whole(10, "helloworld"),
        ])
        _ = try outcome.get()
        #expect(file() == "helloworld")
        #expect(requests.map { $0.headers[.range] } == [nil, "bytes=5-", nil])
    }

    /// Without progress it does not go on, whatever the limit.
    @Test func aBreakWithoutProgressIsTheEnd() async throws {
        defer { cleanUp() }
        let (outcome, requests) = await download([
            whole(10, "hel", then: .failure(.connectionReset)), part("3-9/10", "", then: .failure(.connectionReset)),
        ])
        #expect(code(outcome) == .transport(.connectionReset))
        #expect(requests.count == 2)
        #expect(names.isEmpty)
    }

    @Test func aBodyThatEndsEarlyIsNoFile() async throws {
        defer { cleanUp() }
        let (outcome, _) = await download([whole(10, "hel")]) { $0.maxResumes = 0 }
        #expect(code(outcome) == .transport(.truncatedBody))
        #expect(names.isEmpty)
    }

    @Test func moreThanAnnouncedIsNoFile() async throws {
        defer { cleanUp() }
        let (outcome, _) = await download([whole(3, "hello")])
        #expect(code(outcome) == .invalidRange)
        #expect(names.isEmpty)
    }

    @Test func aPartIsKeptIfAskedAndGoneOnWithLater() async throws {
        defer { cleanUp() }
        let keep: (inout HTTPCall.DownloadOptions) -> Void = {
            $0.keepsPartialFile = true
            $0.maxResumes = 0
        }
        let first = await download([whole(10, "hello", then: .failure(.connectionReset))], keep)
        #expect(code(first.outcome) == .transport(.connectionReset))
        #expect(names == ["file.part", "file.part.info"])
        #expect(file(path + ".part") == "hello")
        let second = await download([part("5-9/10", "world")], keep)
        #expect(try second.outcome.get().continuedFrom == 5)
        #expect(second.requests[0].headers[.range] == "bytes=5-")
        #expect(file() == "helloworld")
        #expect(names == ["file"])
    }

    @Test func aPartOfAnotherURLIsNotGoneOnWith() async throws {
        defer { cleanUp() }
        _ = await download([whole(10, "hello", then: .failure(.connectionReset))]) {
            $0.keepsPartialFile = true
            $0.maxResumes = 0
        }
        let (outcome, requests) = await download(
            [whole(3, "new")], { $0.keepsPartialFile = true }, request: .get("http://a.test/g"))
        _ = try outcome.get()
        #expect(requests[0].headers[.range] == nil)
        #expect(file() == "new")
    }

    @Test func aPartThatIsAllOfItIsComplete() async throws {
        defer { cleanUp() }
        let keep: (inout HTTPCall.DownloadOptions) -> Void = {
            $0.keepsPartialFile = true
            $0.maxResumes = 0
        }
        _ = await download(
            [.stream(200, headers: [.eTag: "\"v1\""], ScriptedBody("hello", then: .failure(.truncatedBody)))], keep)
        let (outcome, _) = await download([.status(416, headers: [.contentRange: "bytes */5"])], keep)
        #expect(try outcome.get().byteCount == 5)
        #expect(file() == "hello")
    }

    /// An untagged part cannot be continued: it is not kept even if asked.
    @Test func aPartWithoutATagIsNotKept() async throws {
        defer { cleanUp() }
        _ = await download([.stream(200, ScriptedBody("hello", then: .failure(.connectionReset)))]) {
            $0.keepsPartialFile = true
        }
        #expect(names.isEmpty)
    }

    @Test func aStatusThatIsNoSuccessLeavesNothing() async throws {
        defer { cleanUp() }
        let (outcome, _) = await download([.status(404, body: "none such")])
        #expect(code(outcome) == .badStatus)
        guard case .failure(let error as ClientError) = outcome else { return }
        #expect(error.response?.text == "none such")
        #expect(names.isEmpty)
    }

    @Test func theSizeIsBounded() async throws {
        defer { cleanUp() }
        let announced = await download([whole(10, "hello")]) { $0.maxBytes = 9 }
        #expect(code(announced.outcome) == .transport(.bodyTooLarge))
        let come = await download([.stream(200, ScriptedBody("hello", "world"))]) { $0.maxBytes = 9 }
        #expect(code(come.outcome) == .transport(.bodyTooLarge))
        #expect(names.isEmpty)
    }

    @Test func aPathThatCannotBeWrittenFailsBeforeAnythingIsSent() async throws {
        defer { cleanUp() }
        for path in [folder + "/none/file", folder, "/proc/file"] {
            let (outcome, requests) = await download([whole(3, "abc")], to: path)
            #expect(code(outcome) == .fileUnwritable)
            #expect(requests.isEmpty)
        }
    }

    @Test func aFullDiskIsAnErrorOfItsOwn() async throws {
        defer { cleanUp() }
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        defer { try? full.close() }
        let problem = #expect(throws: HTTPCall.FileProblem.self) {
            try PartialFile.writeAll(ByteChunk([1, 2, 3]), full.fileDescriptor, at: 0, "/dev/full")
        }
        #expect(problem?.isDiskFull == true)
    }

    @Test func twoDownloadsDoNotShareAPart() async throws {
        defer { cleanUp() }
        let (first, _) = try await PartialFile.open(target: path, isKept: true, random: 1)
        let (outcome, _) = await download([whole(3, "abc")]) { $0.keepsPartialFile = true }
        #expect(code(outcome) == .fileUnwritable)
        await first.abandon(canContinue: false)
        #expect(names.isEmpty)
    }

    @Test func aRangeOfTheCallersIsRefused() async throws {
        defer { cleanUp() }
        let (outcome, _) = await download([], request: .get("http://a.test/f", headers: [.range: "bytes=0-1"]))
        #expect(code(outcome) == .invalidRequest)
    }

    @Test func cancellingLeavesNothing() async throws {
        defer { cleanUp() }
        let body = ScriptedBody("hello", then: .silence)
        let pipeline = CallPipeline(
            settings: PipelineSettings(), transport: ScriptedTransport(.stream(200, headers: [.eTag: "\"v1\""], body)))
        let path = path
        let task = Task { try await pipeline.download(.get("http://a.test/f"), to: path, options: .init()) }
        while body.remainingChunks > 0 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(names.isEmpty)
        #expect(body.isCancelled)
    }

    @Test func aLargeFileIsWrittenInPieces() async throws {
        defer { cleanUp() }
        let chunk = ByteChunk([UInt8](repeating: 7, count: 60_000))
        let pieces = Locked(0)
        let (outcome, _) = await download([.stream(200, ScriptedBody(Array(repeating: chunk, count: 50)))]) {
            $0.onProgress = { _ in pieces.withLock { $0 += 1 } }
        }
        #expect(try outcome.get().byteCount == 3_000_000)
        #expect(FileManager.default.contents(atPath: path)?.count == 3_000_000)
        #expect(pieces.withLock { $0 } == 10)
    }
}
