import ContrailBase
import ContrailCore
import ContrailTestSupport
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCurl

/// A handle keeps its options from one request to the next: none of them may show in another request.
@Suite("Requests one after the other on one handle", .timeLimit(.minutes(1)))
struct RequestFormTests {
    /// Requests that set different options.
    enum Kind: CaseIterable {
        case get, head, delete, post, put, emptyPost, upload, decoded, streamed, fresh, withAccept

        func request(_ port: Int) -> WireRequest {
            var request = WireRequest(method: method, url: .local(port, "/\(self)"), body: body)
            if self == .decoded { request.decoding = .automatic }
            if self == .fresh { request.needsNewConnection = true }
            if self == .withAccept { request.headers = [.accept: "text/plain"] }
            return request
        }

        private var method: HTTPRequest.Method {
            switch self {
            case .get, .decoded, .streamed, .fresh, .withAccept: .get
            case .head: .head
            case .delete: .delete
            case .post, .emptyPost, .upload: .post
            case .put: .put
            }
        }

        private var body: WireBody? {
            switch self {
            case .post, .put: WireBody(ByteChunk("a body".utf8))
            case .upload:
                WireBody(length: nil, isReplayable: true) { sink in try await sink(ByteChunk("a stream".utf8)) }
            default: nil
            }
        }
    }

    private struct Seen: Equatable {
        let head: String?
        let body: [UInt8]?

        init(_ server: RawServer) {
            head = server.heads.last
            body = server.bodies.last
        }
    }

    private func send(_ kind: Kind, _ server: RawServer, _ transport: CurlTransport) async throws {
        let mode = kind == .streamed ? BodyMode.streaming : CurlTransport.largeLimit
        let response = try await transport.send(kind.request(server.port), mode: mode)
        while try await response.stream?.next() != nil {}
    }

    /// What the server got for each kind from a transport that had sent nothing before.
    private func alone(_ server: RawServer) async throws -> [Kind: Seen] {
        var seen: [Kind: Seen] = [:]
        for kind in Kind.allCases {
            let transport = CurlTransport()
            try await send(kind, server, transport)
            await transport.shutdown()
            seen[kind] = Seen(server)
        }
        return seen
    }

    @Test func aRequestIsTheSameWhateverWasSentBefore() async throws {
        try await withServer({ $0.respond() }) { server, transport in
            let alone = try await alone(server)
            let random = SeededRandom(seed: 7)
            for _ in 0..<400 {
                let kind = Kind.allCases[Int(random.next() % UInt64(Kind.allCases.count))]
                try await send(kind, server, transport)
                #expect(Seen(server) == alone[kind], "\(kind)")
            }
        }
    }

    @Test func aFailedTransferLeavesNothingBehind() async throws {
        try await withServer({ exchange in
            exchange.path == "/break" ? exchange.finish() : exchange.respond()
        }) { server, transport in
            for _ in 0..<20 {
                let broken = await transport.failure(of: .get(server.port, "/break"))
                #expect(broken != nil)
                let whole = try await transport.fetch(.get(server.port))
                #expect(whole.text == "hello")
            }
        }
    }

    @Test func onlyAFormThatLeavesNothingIsKept() {
        let plain: RequestForm = [.get, .decodes]
        #expect(plain.left == plain)
        #expect(RequestForm([.get, .once]).left == .unknown)
    }

    @Test(arguments: [
        ("GET", RequestRules.Shape.bare, false), ("HEAD", .head, false), ("POST", .body, false),
        ("DELETE", .bare, true), ("PUT", .body, true), ("GET", .body, true),
    ])
    func onlyWhatLibcurlWouldNotSendIsNamed(method: String, shape: RequestRules.Shape, named: Bool) {
        #expect(RequestRules.mustNameMethod(method, shape) == named)
    }
}
