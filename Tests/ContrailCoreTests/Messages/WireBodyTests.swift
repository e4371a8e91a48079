import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

/// The chunks as a sequence that ends, and fails at the end if told to.
struct Chunks: AsyncSequence, Sendable {
    struct Broken: Error, Equatable {}
    var texts: [String]
    var fails = false

    struct AsyncIterator: AsyncIteratorProtocol {
        var left: ArraySlice<String>
        let fails: Bool
        mutating func next() async throws -> ByteChunk? {
            if left.isEmpty, fails { throw Broken() }
            return left.popFirst().map { ByteChunk($0.utf8) }
        }
    }
    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(left: texts[...], fails: fails) }
}

@Suite(.timeLimit(.minutes(1))) struct WireBodyTests {
    private func text(_ body: HTTPCall.Body) async throws -> String { String(try await body.wire.collect(upTo: 1000)) }

    @Test func aStreamIsSentOnce() async throws {
        let body = HTTPCall.Body.stream(Chunks(texts: ["a", "bc"]), length: 3)
        let copy = body
        #expect(!body.isReplayable && body.length == 3 && body.bytes == nil)
        #expect(body.wire.canBeSent && copy.wire.canBeSent)
        #expect(try await text(body) == "abc")
        // Copies agree: it is gone for all of them.
        #expect(!body.wire.canBeSent && !copy.wire.canBeSent)
        await #expect(throws: WireBody.AlreadySent.self) { try await text(copy) }
    }

    @Test func aFactoryIsAskedForEachSend() async throws {
        let made = Locked(0)
        let body = HTTPCall.Body.factory {
            made.withLock { $0 += 1 }
            return Chunks(texts: ["a", "b"])
        }
        #expect(body.isReplayable && body.length == nil)
        for _ in 0..<3 { #expect(try await text(body) == "ab") }
        #expect(body.wire.canBeSent && made.withLock { $0 } == 3)
    }

    @Test func bytesAndTextAreReplayable() async throws {
        for body in [HTTPCall.Body.bytes([0x61, 0x62]), .text("ab"), .chunk(ByteChunk("ab".utf8))] {
            #expect(body.isReplayable && body.length == 2)
            for _ in 0..<2 { #expect(try await text(body) == "ab") }
        }
    }

    @Test func theErrorOfASequencePassesThrough() async {
        await #expect(throws: Chunks.Broken.self) { try await text(.stream(Chunks(texts: ["a"], fails: true))) }
    }

    @Test func collectingStopsAtTheLimit() async throws {
        let body = HTTPCall.Body.factory { Chunks(texts: ["abc", "d"]) }
        #expect(String(try await body.wire.collect(upTo: 4)) == "abcd")
        await #expect(throws: WireBody.TooLarge(maxBytes: 3)) { try await body.wire.collect(upTo: 3) }
        await #expect(throws: WireBody.TooLarge.self) { try await WireBody(ByteChunk("abcd".utf8)).collect(upTo: 3) }
    }

    @Test func arraysOfBytesAreChunksToo() async throws {
        let stream = AsyncStream<[UInt8]>(bufferingPolicy: .unbounded) { output in
            output.yield([0x61])
            output.yield([])
            output.yield([0x62])
            output.finish()
        }
        #expect(try await text(.stream(stream)) == "ab")
    }
}

@Suite(.timeLimit(.minutes(1))) struct FormTests {
    /// The examples are what browsers send for the same entries.
    @Test(
        arguments: [
            ([("a", "1"), ("b", "2")], "a=1&b=2"), ([("q", "swift http")], "q=swift+http"),
            ([("a&b", "c=d+e")], "a%26b=c%3Dd%2Be"), ([("k", nil), ("", "v")], "k=&=v"), ([], ""),
            ([("u", "ä~*-._ \r\n")], "u=%C3%A4%7E*-._+%0D%0A"), ([("s", "  ")], "s=++"),
        ] as [([(String, String?)], String)])
    func encodesAsBrowsersDo(items: [(String, String?)], expected: String) {
        let body = HTTPCall.Body.form(HTTPCall.Query(items.map { HTTPCall.Query.Item($0.0, $0.1) }))
        #expect(body.bytes.map { String($0) } == expected)
        #expect(body.contentType == "application/x-www-form-urlencoded")
    }
}
