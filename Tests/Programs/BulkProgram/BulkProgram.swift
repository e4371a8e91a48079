import Contrail
import ContrailBase
import ContrailTestSupport

/// Moves one large body and prints what it took. Run by Tests/Tools/bulk.py, from a release build.
///
///     BulkProgram down URL                  takes the body as it comes
///     BulkProgram slow URL BYTES_PER_MS     takes it at that pace: memory must not grow
///     BulkProgram up URL FILE               sends a file
@main struct BulkProgram {
    struct Usage: Error {}

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3 else { throw Usage() }
        var configuration = HTTPClient.Configuration()
        configuration.timeout = nil
        configuration.decoding = .off
        try await HTTPClient.withClient(configuration: configuration) { client in
            // What the first call of a process needs, and what every body needs, is not growth.
            _ = try await take(client, url: arguments[2], pace: nil, atMost: 4 << 20)
            let (before, clock) = (ProcessCount.peakKilobytes, SystemTime())
            let start = clock.now
            let bytes =
                switch (arguments[1], arguments.dropFirst(3).first) {
                case ("down", nil): try await take(client, url: arguments[2], pace: nil)
                case ("slow", let pace?): try await take(client, url: arguments[2], pace: Int(pace))
                case ("up", let file?): try await send(client, url: arguments[2], file: file)
                default: throw Usage()
                }
            let seconds = (clock.now - start).inSeconds
            print("bytes", bytes, "seconds", seconds, "grown_kb", ProcessCount.peakKilobytes - before)
        }
    }

    private static func take(_ client: HTTPClient, url: String, pace: Int?, atMost: Int = .max) async throws -> Int {
        let time = SystemTime()
        let start = time.now
        var bytes = 0
        for try await chunk in try await client.stream(.get(url)).validateStatus().body {
            bytes += chunk.count
            if bytes >= atMost { break }
            if let pace { try await time.sleep(until: start + .milliseconds(bytes / pace)) }
        }
        return bytes
    }

    private static func send(_ client: HTTPClient, url: String, file: String) async throws -> Int {
        let response = try await client.put(url, body: .file(file)).validateStatus()
        return Int(response.text) ?? 0
    }
}
