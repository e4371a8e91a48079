import Foundation

/// An nginx on ephemeral ports of 127.0.0.1, with a certificate of its own, in a temporary directory.
package final class Nginx: Sendable {
    package let port: Int
    package let tlsPort: Int
    /// TLS for those only who show ``certificate`` themselves.
    package let clientCheckingPort: Int
    /// The certificate, PEM; it names 127.0.0.1 but not `localhost`, and vouches for itself.
    package let certificate: String
    /// Its private key, PEM.
    package let key: String
    private let directory: URL
    private let process: Process

    private static let binary = "/usr/sbin/nginx"
    /// Where it is missing, its tests are skipped.
    package static var isInstalled: Bool {
        FileManager.default.isExecutableFile(atPath: binary)
            && FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")
    }

    package init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "contrail-nginx-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        certificate = directory.appending(path: "cert.pem").path
        key = directory.appending(path: "key.pem").path
        try Self.makeCertificate(in: directory)
        port = try Self.freePort()
        tlsPort = try Self.freePort()
        clientCheckingPort = try Self.freePort()
        let path = directory.path
        let text = """
            daemon off; master_process off; pid \(path)/pid; error_log \(path)/error.log;
            events { worker_connections 2048; }
            http {
              access_log off; keepalive_requests 1000000; keepalive_timeout 75s;
              client_body_temp_path \(path)/b; proxy_temp_path \(path)/p; fastcgi_temp_path \(path)/f;
              uwsgi_temp_path \(path)/u; scgi_temp_path \(path)/s;
              server {
                listen 127.0.0.1:\(port) backlog=4096;
                listen 127.0.0.1:\(tlsPort) ssl http2;
                ssl_certificate cert.pem; ssl_certificate_key key.pem;
                location / { return 200 "hello"; }
                location /connections { return 200 "$connections_active"; }
              }
              server {
                listen 127.0.0.1:\(clientCheckingPort) ssl;
                ssl_certificate cert.pem; ssl_certificate_key key.pem;
                ssl_client_certificate cert.pem; ssl_verify_client on;
                location / { return 200 "hello, \(Self.variable)"; }
                location /v1/ { proxy_pass http://127.0.0.1:$http_x_target_port; }
              }
            }
            """
        try Data(text.utf8).write(to: directory.appending(path: "nginx.conf"))
        process = Process()
        process.executableURL = URL(fileURLWithPath: Self.binary)
        process.arguments = ["-e", "\(path)/error.log", "-p", path, "-c", "\(path)/nginx.conf"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        try waitUntilItListens()
    }

    /// Not an interpolation of ours, but nginx's.
    private static let variable = "$ssl_client_s_dn"

    /// Waits until it listens, 5 s at most.
    private func waitUntilItListens() throws {
        for _ in 0..<500 {
            if RawServer.canConnect(to: port) { return }
            guard process.isRunning else { break }
            usleep(10_000)
        }
        throw SocketFailure(call: "nginx", number: 0)
    }

    package func stop() {
        // Not SIGTERM: a child inherits the signal mask of the thread that starts it, and the runtime's threads block it.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: directory)
    }

    private static func makeCertificate(in directory: URL) throws {
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        openssl.currentDirectoryURL = directory
        openssl.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem",
            "-out", "cert.pem", "-days", "2", "-subj", "/CN=right.example", "-addext",
            "subjectAltName=DNS:right.example,IP:127.0.0.1",
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
    }

    /// nginx cannot say which port it got, so one is found for it.
    private static func freePort() throws -> Int {
        let server = try RawServer { $0.finish() }
        server.stop()
        return server.port
    }
}

/// Runs `body` with an nginx that answers.
package func withNginx<Result>(_ body: (Nginx) async throws -> Result) async throws -> Result {
    let nginx = try Nginx()
    defer { nginx.stop() }
    return try await body(nginx)
}
