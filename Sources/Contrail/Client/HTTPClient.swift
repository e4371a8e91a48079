import ContrailBase
public import ContrailCore
import ContrailCurl
import Logging
public import ServiceLifecycle

/// Fetches URLs through one pool of connections, with retries and limits, every call and every send a span.
///
/// Make one and keep it, or use ``shared``: connections, permits and threads belong to the client. Safe to use from any
/// number of tasks. Dropping the last reference ends its threads; ``shutdown()`` waits until that is done.
public final class HTTPClient: Sendable {
    /// A request. See ``ContrailCore/HTTPCall/Request``.
    public typealias Request = HTTPCall.Request
    /// A response with its body in memory. See ``ContrailCore/HTTPCall/Response``.
    public typealias Response = HTTPCall.Response
    /// A response whose body is still coming. See ``ContrailCore/HTTPCall/StreamedResponse``.
    public typealias StreamedResponse = HTTPCall.StreamedResponse
    /// A body in chunks. See ``ContrailCore/HTTPCall/BodyStream``.
    public typealias BodyStream = HTTPCall.BodyStream
    /// A request body. See ``ContrailCore/HTTPCall/Body``.
    public typealias Body = HTTPCall.Body
    /// Query parameters. See ``ContrailCore/HTTPCall/Query``.
    public typealias Query = HTTPCall.Query
    /// One send of a call, as it went. See ``ContrailCore/HTTPCall/Attempt``.
    public typealias Attempt = HTTPCall.Attempt
    /// How far a call is, both ways.
    public typealias Progress = HTTPCall.Progress
    /// A step of the pipeline that you add. See ``ContrailCore/HTTPMiddleware``.
    public typealias Middleware = HTTPMiddleware

    /// The client for everybody who needs no settings of their own. Never shut down; its threads start at first use.
    public static let shared = HTTPClient(settings: PipelineSettings.standard, connections: .init(), isShared: true)

    let transport: any Transport
    let pipeline: CallPipeline
    let usage: ClientUsage?

    /// A client with these settings. Throws ``ConfigurationError`` for values that make no sense; opens no connection.
    public convenience init(configuration: Configuration = .init()) throws {
        self.init(
            settings: try configuration.pipelineSettings(), connections: configuration.connections, isShared: false)
    }

    /// A client that sends through `transport`: for tests without a socket, or another engine.
    public init(configuration: Configuration = .init(), transport: any Transport) throws {
        let settings = try configuration.pipelineSettings()
        self.transport = transport
        pipeline = CallPipeline(settings: settings, transport: transport)
        usage = nil
    }

    private init(settings: PipelineSettings, connections: Configuration.Connections, isShared: Bool) {
        transport = CurlTransport(connections.curlConfiguration)
        pipeline = CallPipeline(settings: settings, transport: transport)
        usage = isShared ? nil : ClientUsage()
    }

    // MARK: Calls

    /// Sends `request` and collects the body. A 4xx or 5xx is a response, not an error.
    ///
    /// Throws ``ClientError``; `CancellationError` if the task is cancelled, which also ends what is on the wire.
    /// Runs on the caller's executor; suspends at most once per send when no permit has to be waited for.
    public func execute(_ request: Request) async throws -> Response {
        let begun = try begin(request)
        return try await pipeline.finish(begun)
    }

    /// Makes the request and begins its call. A function that waits and made the request itself would keep it in its frame
    /// as long as the call lasts.
    @inline(never)
    func begin(_ makeRequest: () throws -> Request) throws -> CallPipeline.Begun { try begin(makeRequest()) }

    @inline(never)
    private func begin(_ request: Request) throws -> CallPipeline.Begun {
        usage?.countCall()
        return try pipeline.beginCollecting(request)
    }

    /// Sends `request` and returns as soon as the head is there; the body is taken in chunks.
    ///
    /// The total timeout covers the call up to the head, the idle timeout rules after it. Throws as ``execute(_:)``.
    public func stream(_ request: Request) async throws -> StreamedResponse {
        usage?.countCall()
        return try await pipeline.stream(request)
    }

    /// Sends `request` and lends head and body to `operation`: whatever it does, the connection and the permit are back
    /// when this returns.
    ///
    /// What is not taken by then is given up; a copy of the body that got out throws ``ClientError`` with code
    /// `body_out_of_scope`. Throws as ``execute(_:)``, and what `operation` throws.
    public func execute<Result>(
        _ request: Request, _ operation: (_ head: ResponseHead, _ body: BodyStream) async throws -> Result
    ) async throws -> Result {
        usage?.countCall()
        return try await pipeline.withStream(request, operation)
    }

    /// Fetches `request` into the file at `path`, which is replaced by the whole of it or not at all.
    ///
    /// The bytes go to a file beside it first, are synced to the disk, then renamed. A body that breaks off is gone on with
    /// by Range and If-Range if the server has a strong entity tag; each time is a call of its own, and the request's
    /// `timeout` covers them all. The body is stored as it is sent, uncoded unless the request has an Accept-Encoding.
    ///
    /// Throws as ``execute(_:)``, and ``ClientError`` with code `bad_status` for anything but a success, `disk_full`,
    /// `file_unwritable`, `invalid_range`, or `body_too_large`. Writing happens on threads made for that.
    public func download(
        _ request: Request, to path: String, options: HTTPCall.DownloadOptions = .init()
    ) async throws -> HTTPCall.Download {
        usage?.countCall()
        return try await pipeline.download(request, to: path, options: options)
    }

    // MARK: End

    /// Ends the client: calls under way fail with ``ClientError/Code/shutDown``, threads end, connections close.
    /// Idempotent; returns when all is gone. The shared client stays as it is.
    public func shutdown() async {
        guard self !== HTTPClient.shared else { return }
        pipeline.shutDown()
        await transport.shutdown()
    }

    /// A client for the length of `body`, shut down afterwards, whatever happens.
    public static func withClient<Result>(
        configuration: Configuration = .init(), _ body: (HTTPClient) async throws -> Result
    ) async throws -> Result {
        let client = try HTTPClient(configuration: configuration)
        do {
            let result = try await body(client)
            await client.shutdown()
            return result
        } catch {
            await client.shutdown()
            throw error
        }
    }
}

extension HTTPClient: Service {
    /// Waits for graceful shutdown or cancellation, then shuts the client down. List the client before the services that
    /// use it: groups stop in reverse order.
    public func run() async throws {
        try? await gracefulShutdown()
        await shutdown()
    }
}
