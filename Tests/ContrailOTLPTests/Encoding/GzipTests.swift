import ContrailBase
import ContrailOTLP
import ContrailTesting
import Foundation
import Testing

@Suite struct GzipTests {
    private static func text(_ count: Int) -> ByteChunk {
        ByteChunk((0..<count).map { UInt8(truncatingIfNeeded: $0 / 7 % 251) })
    }

    private static func compressed(_ bytes: ByteChunk) throws -> ByteChunk { try #require(Gzip.compress(bytes)) }

    @Test(arguments: [0, 1, 1_000, 65_535, 65_536, 65_537, 1_000_000])
    func whatIsCompressedComesBack(count: Int) throws {
        let bytes = Self.text(count)
        let compressed = try Self.compressed(bytes)
        #expect(try Gzip.expand(compressed, maxBytes: count) == bytes)
        #expect(count < 10_000 || compressed.count < count / 10)
    }

    @Test func bytesWithoutPatternComeBack() throws {
        let random = SeededRandom(seed: 1)
        let bytes = ByteChunk((0..<300_000).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        #expect(try Gzip.expand(Self.compressed(bytes), maxBytes: bytes.count) == bytes)
    }

    @Test func membersFollowOneAnother() throws {
        let both = Array(try Self.compressed(Self.text(10))) + Array(try Self.compressed(Self.text(5)))
        #expect(try Gzip.expand(ByteChunk(both), maxBytes: 15) == ByteChunk(Array(Self.text(10)) + Array(Self.text(5))))
    }

    @Test func aBombIsStoppedAtTheLimit() throws {
        let bomb = try Self.compressed(ByteChunk(Array(repeating: 0, count: 8 << 20)))
        #expect(bomb.count < 64 << 10)
        #expect(throws: Gzip.Problem.tooLarge(limitBytes: 1_000)) { try Gzip.expand(bomb, maxBytes: 1_000) }
    }

    @Test func aFileCutAnywhereIsMalformed() throws {
        let file = Array(try Self.compressed(Self.text(500)))
        for length in 0..<file.count {
            #expect(throws: Gzip.Problem.malformed) { try Gzip.expand(ByteChunk(file.prefix(length)), maxBytes: 500) }
        }
    }

    @Test func whatStandsBehindTheLastMemberMustBeAMember() throws {
        let file = Array(try Self.compressed(Self.text(5))) + [1, 2, 3]
        #expect(throws: Gzip.Problem.malformed) { try Gzip.expand(ByteChunk(file), maxBytes: 5) }
    }

    @Test func damagedFilesAreReadOrRefused() throws {
        let random = SeededRandom(seed: 2)
        let file = Array(try Self.compressed(Self.text(2_000)))
        var refused = 0
        for _ in 0..<2_000 {
            var damaged = file
            damaged[random.below(damaged.count)] ^= UInt8(1 << random.below(8))
            if (try? Gzip.expand(ByteChunk(damaged), maxBytes: 1 << 20)) == nil { refused += 1 }
        }
        // The check sum sees everything but changes of the header's time and system.
        #expect(refused > 1_000)
    }

    @Test(.timeLimit(.minutes(1)))
    func anotherProgramReadsIt() async throws {
        let directory = try Tool.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appendingPathComponent("text.gz")
        try Data(try Self.compressed(ByteChunk("hello\n".utf8))).write(to: file)
        let (status, output, errors) = try await Tool.run("/usr/bin/env", ["gzip", "-dc", file.path])
        #expect(status == 0 && output == "hello\n", "\(errors)")
    }
}
