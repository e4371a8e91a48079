import Foundation
import Testing

@testable import ContrailTesting

/// The bytes are judged by another's decoder: Python's zlib.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")), .timeLimit(.minutes(1)))
struct GzipTests {
    private func python(_ program: String, _ input: [UInt8]) throws -> String {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("contrail-\(UUID().uuidString).gz")
        try Data(input).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c", program, file.path]
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    @Test(arguments: [0, 1, 65535, 65536, 200_000])
    func storedDataDecodes(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let program = """
            import sys, gzip
            data = gzip.decompress(open(sys.argv[1], 'rb').read())
            print(len(data), data == bytes((i * 31) & 255 for i in range(len(data))))
            """
        #expect(try python(program, Gzip.stored(bytes)) == "\(count) True\n")
    }

    @Test func aBombDecodesToZerosAThousandTimesItsSize() throws {
        var data: [UInt8] = []
        Gzip.bomb(decodedBytes: 100 << 20) { piece in
            data += piece
            return true
        }
        let program = """
            import sys, zlib
            decoder = zlib.decompressobj(-15)
            data = decoder.decompress(open(sys.argv[1], 'rb').read()[10:])
            print(len(data) >> 20, data.count(0) == len(data), decoder.eof)
            """
        #expect(try python(program, data) == "99 True True\n" || python(program, data) == "100 True True\n")
        #expect(data.count < (100 << 20) / 1000)
    }

    @Test func aBombStopsWhenNobodyWantsMore() {
        var pieces = 0
        Gzip.bomb(decodedBytes: 1 << 30) { _ in
            pieces += 1
            return pieces < 3
        }
        #expect(pieces == 3)
    }

    @Test func theChecksumIsCRC32() { #expect(Gzip.checksum(Array("123456789".utf8)) == 0xCBF4_3926) }
}
