import ContrailBase
import ContrailTesting
import HTTPTypes
import Testing

@testable import ContrailCore

/// How long a streamed body keeps the permit of its send.
@Suite(.timeLimit(.minutes(1))) struct PermitHoldTests {
    private let time = ManualTime()

    private func pipeline(_ transport: ScriptedTransport, _ steps: [any HTTPMiddleware] = []) -> CallPipeline {
        var settings = PipelineSettings()
        settings.time = time
        settings.limits.maxTotal = 1
        settings.limits.maxQueued = 0
        settings.sendMiddleware = steps
        return CallPipeline(settings: settings, transport: transport)
    }

    private func isFree(_ pipeline: CallPipeline) async -> Bool {
        do {
            _ = try await pipeline.execute(.get("http://a.test/probe"))
            return true
        } catch {
            #expect((error as? ClientError)?.code == .queueFull)
            return false
        }
    }

    /// Sends twice, hands up the second response and keeps the first.
    private final class Twice: HTTPMiddleware {
        private let kept = Locked<[WireResponse]>([])

        func handle(_ request: WireRequest, next: Next) async throws -> WireResponse {
            guard request.url.path != "/probe" else { return try await next(request) }
            let first = try await next(request)
            kept.withLock { $0.append(first) }
            return try await next(request)
        }

        func letGo() { kept.withLock { $0 = [] } }
    }

    /// Both bodies of one send step held the permit, and the first to end gave it back.
    @Test func twoBodiesOfOneSendShareItsPermitUntilBothHaveEnded() async throws {
        let transport = ScriptedTransport(
            .stream(200, ScriptedBody("1", then: .silence)), .stream(200, ScriptedBody("2")), .status(200), time: time)
        let twice = Twice()
        let pipeline = pipeline(transport, [twice])
        let response = try await pipeline.stream(.get("http://a.test/"))
        #expect(await !isFree(pipeline))
        #expect(try await String(response.body.collect(upTo: 10)) == "2")
        #expect(await !isFree(pipeline))
        twice.letGo()
        #expect(await isFree(pipeline))
    }

    /// A body that was too large kept its permit as long as somebody kept the response.
    @Test func collectGivesThePermitBackAtTheLimit() async throws {
        let body = ScriptedBody("12345", "67890", then: .silence)
        let pipeline = pipeline(ScriptedTransport(.stream(200, body), .status(200), time: time))
        let response = try await pipeline.stream(.get("http://a.test/"))
        let error = await #expect(throws: ClientError.self) { try await response.body.collect(upTo: 7) }
        #expect(error?.code == .transport(.bodyTooLarge))
        #expect(body.isCancelled)
        #expect(await isFree(pipeline))
        withExtendedLifetime(response) {}
    }
}
