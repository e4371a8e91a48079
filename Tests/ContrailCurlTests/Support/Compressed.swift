import CContrailCurlShim
import ContrailBase
import Foundation

/// Bodies in the codings of RFC 9110 §8.4.1, made by the system's tools; what there is no tool for is written down here.
enum Compressed {
    struct ToolFailed: Error { let name: String }

    static func gzip(_ text: String) async throws -> [UInt8] { try await run("gzip", ["-c"], input: Array(text.utf8)) }

    /// `nil`: there is nothing here that makes it.
    static func of(_ text: String, _ coding: String) async throws -> [UInt8]? {
        switch coding {
        case "gzip": return try await gzip(text)
        case "deflate": return deflate(text)
        case "br": return brotli(text)
        case "zstd": return try await run("zstd", ["-c", "-q"], input: Array(text.utf8))
        default: return nil
        }
    }

    static func gzipZeros(megabytes: Int) async throws -> [UInt8] {
        try await shell("head -c \(megabytes << 20) /dev/zero | gzip -c")
    }

    /// Text that shrinks to about a hundredth.
    static func gzipRepetitive(megabytes: Int) async throws -> [UInt8] {
        try await shell(
            "for i in $(seq 1 400); do echo \"entry $i of a list $((i * 7919 % 104729)) that is repeated\"; done | head -c 16384 > \"$0.block\"; for i in $(seq 1 \(megabytes * 64)); do cat \"$0.block\"; done | gzip -c; rm \"$0.block\"",
            name: FileManager.default.temporaryDirectory.appending(path: "contrail-\(UUID())").path)
    }

    /// zlib's container with stored blocks (RFC 1950, RFC 1951 §3.2.4): what `deflate` means in HTTP.
    static func deflate(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        var result: [UInt8] = [0x78, 0x01]
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(0xFFFF)
            rest = rest.dropFirst(block.count)
            let count = UInt16(block.count)
            result.append(rest.isEmpty ? 1 : 0)
            result += [UInt8(count & 0xFF), UInt8(count >> 8), UInt8(~count & 0xFF), UInt8(~count >> 8)]
            result += block
        } while !rest.isEmpty
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        let check = b << 16 | a
        return result + [UInt8(check >> 24), UInt8(check >> 16 & 0xFF), UInt8(check >> 8 & 0xFF), UInt8(check & 0xFF)]
    }

    /// A stream of one uncompressed meta-block (RFC 7932 §9.2), for up to 64 kB.
    static func brotli(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        precondition((1...65536).contains(bytes.count))
        // From the lowest bit: WBITS = 16 (0), ISLAST = 0, MNIBBLES = 4 (00), MLEN - 1 (16 bits), ISUNCOMPRESSED = 1.
        let header = UInt32(bytes.count - 1) << 4 | 1 << 20
        let front = [UInt8(header & 0xFF), UInt8(header >> 8 & 0xFF), UInt8(header >> 16 & 0xFF)]
        return front + bytes + [0x03]  // ISLAST = 1, ISLASTEMPTY = 1
    }

    private static func shell(_ command: String, name: String = "sh") async throws -> [UInt8] {
        try await run("sh", ["-c", command, name], input: [])
    }

    /// Runs a tool through files, so that nobody waits for a pipe.
    private static func run(_ name: String, _ arguments: [String], input: [UInt8]) async throws -> [UInt8] {
        let base = FileManager.default.temporaryDirectory.appending(path: "contrail-\(UUID())").path
        let (source, result) = ("\(base).in", "\(base).out")
        defer { for path in [source, result] { try? FileManager.default.removeItem(atPath: path) } }
        try Data(input).write(to: URL(filePath: source))
        let line = ([name] + arguments).map { "'\($0.replacingOccurrences(of: "'", with: "'\\''"))'" }
        let command = "\(line.joined(separator: " ")) < '\(source)' > '\(result)'"
        // Not on a thread of the tasks' pool: all other tests would wait.
        let status = await withCheckedContinuation { done in
            // SAFETY: the string is the call's own.
            DispatchQueue.global().async { done.resume(returning: unsafe system(command)) }
        }
        guard status == 0 else { throw ToolFailed(name: name) }
        return Array(try Data(contentsOf: URL(filePath: result)))
    }
}
