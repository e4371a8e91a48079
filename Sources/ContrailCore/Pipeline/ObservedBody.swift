import ContrailBase
import HTTPTypes

/// A streamed body on its way up: tells once how it ended, whether it was read to the end, failed or was dropped.
final class ObservedBody: WireBodyStream {
    private let base: any WireBodyStream
    private let progress: HTTPCall.Progress?
    private let onEnd: Locked<(@Sendable (Ending) -> Void)?>

    enum Ending: Sendable {
        case complete
        case failed(TransportError)
        /// The caller gave up, or let go of the body.
        case cancelled
        /// A policy had no use for it: the response was not for the caller.
        case discarded
    }

    init(
        _ base: any WireBodyStream, progress: HTTPCall.Progress? = nil, onEnd: @escaping @Sendable (Ending) -> Void
    ) {
        self.base = base
        self.progress = progress
        self.onEnd = Locked(onEnd)
    }

    deinit {
        base.cancel()
        finish(.cancelled)
    }

    var summary: SendSummary { base.summary }
    var trailers: HTTPFields { base.trailers }

    func next() async throws -> ByteChunk? {
        do {
            let chunk = try await base.next()
            if let chunk {
                progress?.change { $0.downloaded(chunk.count) }
            } else {
                progress?.change { $0.downloadIsComplete() }
                finish(.complete)
            }
            return chunk
        } catch let error as TransportError where error.kind == .cancelled {
            finish(.cancelled)
            throw CancellationError()
        } catch let error as TransportError {
            finish(.failed(error))
            throw error
        } catch {
            finish(.cancelled)
            throw error
        }
    }

    func cancel() {
        base.cancel()
        finish(.cancelled)
    }

    /// As ``cancel()``, decided by a policy.
    func discard() {
        base.cancel()
        finish(.discarded)
    }

    private func finish(_ ending: Ending) {
        let action = onEnd.withLock { action in
            defer { action = nil }
            return action
        }
        action?(ending)
    }
}
