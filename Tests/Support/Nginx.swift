import Foundation

/// An nginx of the test's own on 127.0.0.1: two workers at most, nothing written outside its temporary folder.
package final class Nginx: Sendable {
    package let port: Int
    private let folder: URL
    private let process: Process

    /// `nil` where nginx is not installed.
    package static func start(locations: String = "location / { return 200 'hello'; }") throws -> Nginx? {
        let candidates = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"]
        guard let path = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else { return nil }
        return try Nginx(path, locations)
    }

    private init(_ path: String, _ locations: String) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("contrail-nginx-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        port = try Self.freePort()
        let configuration = """
            daemon off; master_process off; pid \(folder.path)/pid; error_log \(folder.path)/error.log;
            events { worker_connections 4096; }
            http {
                access_log off; keepalive_requests 1000000; keepalive_timeout 75s;
                client_body_temp_path \(folder.path)/body; proxy_temp_path \(folder.path)/proxy;
                fastcgi_temp_path \(folder.path)/fastcgi; uwsgi_temp_path \(folder.path)/uwsgi;
                scgi_temp_path \(folder.path)/scgi;
                server { listen 127.0.0.1:\(port) backlog=4096; \(locations) }
            }
            """
        let file = folder.appendingPathComponent("nginx.conf")
        try configuration.write(to: file, atomically: true, encoding: .utf8)
        process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["-p", folder.path, "-c", file.path, "-e", "\(folder.path)/error.log"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        try waitUntilItListens()
    }

    package func stop() {
        // Not SIGTERM: a child inherits the signal mask of the thread that starts it, and the runtime's threads block it.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    /// A port that was free a moment ago.
    private static func freePort() throws -> Int {
        let server = try RawServer { $0.finish() }
        defer { server.stop() }
        return server.port
    }

    private func waitUntilItListens() throws {
        for _ in 0..<500 {
            if RawServer.canConnect(to: port) { return }
            guard process.isRunning else { break }
            usleep(10_000)
        }
        throw SocketFailure(call: "nginx", number: 0)
    }
}
