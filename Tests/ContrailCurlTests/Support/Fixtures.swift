import ContrailBase
import ContrailCore
import ContrailTestSupport
import Glibc
import HTTPTypes
import Testing

@testable import ContrailCurl

extension RequestURL {
    /// A URL on this machine.
    static func local(_ port: Int, _ path: String = "/", host: String = "127.0.0.1", scheme: Origin.Scheme = .http)
        -> Self
    {
        let text = "\(scheme.rawValue)://\(host):\(port)\(path)"
        do { return try RequestURL(text) } catch { preconditionFailure("\(text): \(error)") }
    }
}

extension WireRequest {
    static func get(_ port: Int, _ path: String = "/") -> Self { WireRequest(method: .get, url: .local(port, path)) }

    static func post(_ port: Int, _ body: String, _ path: String = "/") -> Self {
        WireRequest(method: .post, url: .local(port, path), body: WireBody(ByteChunk(body.utf8)))
    }
}

extension WireResponse {
    /// The collected body as text; "" if it is a stream.
    var text: String { if case .buffered(let chunk) = body { String(chunk) } else { "" } }

    var stream: (any WireBodyStream)? { if case .stream(let stream) = body { stream } else { nil } }
}

extension CurlTransport {
    static let largeLimit = BodyMode.buffered(maxBytes: 1 << 26)

    func fetch(_ request: WireRequest) async throws -> WireResponse { try await send(request, mode: Self.largeLimit) }

    /// The error that a send ends with.
    func failure(of request: WireRequest, mode: BodyMode = largeLimit) async -> TransportError? {
        do {
            _ = try await send(request, mode: mode)
            return nil
        } catch {
            return error as? TransportError
        }
    }
}

/// Runs `body` with a server and a transport, and ends both.
func withServer<Result>(
    readsBodies: Bool = true,
    _ script: @escaping RawServer.Script,
    configure: (inout CurlTransport.Configuration) -> Void = { _ in },
    _ body: (RawServer, CurlTransport) async throws -> Result
) async throws -> Result {
    let server = try RawServer(readsBodies: readsBodies, script)
    defer { server.stop() }
    var configuration = CurlTransport.Configuration()
    configure(&configuration)
    let transport = CurlTransport(configuration)
    do {
        let result = try await body(server, transport)
        await transport.shutdown()
        return result
    } catch {
        await transport.shutdown()
        throw error
    }
}

/// Cancellation comes with the measurements up to it.
func expectCancelled(
    _ body: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) async {
    let error = await #expect(throws: TransportError.self, sourceLocation: sourceLocation) { try await body() }
    #expect(error?.kind == .cancelled, sourceLocation: sourceLocation)
    #expect(error?.summary.ended != nil, sourceLocation: sourceLocation)
}
