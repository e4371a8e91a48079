import CContrailCurlShim
import ContrailBase
package import ContrailCore

/// The pooled fetcher: event-loop threads on libcurl, one connection pool per thread.
///
/// Time is the kernel's monotonic clock, read here and in the callbacks: the kernel waits on no other.
package final class CurlTransport: Transport {
    let loops: [EventLoop]

    /// Costs no thread and no descriptor before the first send.
    package init(_ configuration: Configuration = Configuration()) {
        let profile = Profile(configuration, caFile: configuration.caFile ?? CABundle.locate())
        loops = (0..<max(1, configuration.loops)).map {
            EventLoop(LoopSettings(configuration, index: $0, profile: profile))
        }
    }

    /// Only signals: the threads fail what is under way and end by themselves.
    deinit { for loop in loops { loop.abandon() } }

    package func send(_ request: WireRequest, mode: BodyMode) async throws -> WireResponse {
        let submitted = LoopDriver.readClock()
        if Task.isCancelled { throw Self.error(.cancelled, "the task was cancelled before the send", submitted) }
        try Self.requireLibcurl(submitted)
        let block: RequestBlock
        do {
            block = try RequestBlock(request)
        } catch {
            throw Self.error(.invalidRequest, error.text, submitted)
        }
        let transfer = Transfer(request, block: block, mode: mode, submitted: submitted, transport: self)
        return try await answer(to: transfer, request.body, on: choose(request.origin))
    }

    /// Starts the transfer and waits.
    private func answer(
        to transfer: Transfer, _ body: WireBody?, on loop: EventLoop, isolation: isolated (any Actor)? = #isolation
    ) async throws -> WireResponse {
        try await withTaskCancellationHandler {
            _ = isolation
            return try await Reply.wait { reply in
                transfer.reply = reply
                if let body { transfer.upload?.pipe?.start(body, for: transfer, on: loop) }
                do throws(EventLoop.Refusal) {
                    try loop.start(transfer)
                    // A cancel that came before the loop ran had nobody to tell.
                    if Task.isCancelled { loop.send(.cancel(transfer)) }
                } catch {
                    Self.refuse(transfer, error)
                }
            }
        } onCancel: {
            loop.send(.cancel(transfer))
        }
    }

    package func shutdown() async {
        for loop in loops { await loop.shutdown() }
    }

    private func choose(_ origin: Origin) -> EventLoop {
        guard loops.count > 1 else { return loops[0] }
        let loads = loops.map { $0.counters.inFlight }
        return loops[Placement.choose(home: origin.hashValue, loads: loads)]
    }

    private static func requireLibcurl(_ submitted: MonotonicInstant) throws {
        let code = contrail_process_init()
        guard code == 0 else { throw error(.other, "libcurl could not be initialised (\(code))", submitted) }
    }

    private static func error(
        _ kind: TransportError.Kind, _ message: String, _ submitted: MonotonicInstant
    ) -> TransportError {
        var summary = SendSummary(submitted: submitted)
        summary.ended = LoopDriver.readClock()
        return TransportError(kind, message, summary: summary)
    }

    private static func refuse(_ transfer: Transfer, _ refusal: EventLoop.Refusal) {
        guard case .resources(let cause) = refusal else { return transfer.refuse() }
        let message = "no event loop could be started (error \(cause.errorNumber))"
        transfer.upload?.abandon()
        transfer.answer = .failure(error(.localResources, message, transfer.submitted))
        transfer.deliver()
    }
}
