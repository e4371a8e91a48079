import CContrailCurlShim
import ContrailBase
import ContrailCore

/// How transfers end, and what they give back.
extension LoopDriver {
    func cancel(_ transfer: Transfer) {
        switch transfer.state {
        case .submitted: transfer.state = .cancelledEarly
        case .running where transfer.isDraining || drain(transfer): break
        case .waiting, .running: fail(transfer, .cancelled, TransportError.cancelledMessage)
        case .cancelledEarly, .over: break
        }
    }

    func finish(_ transfer: Transfer, ended: MonotonicInstant, result: CURLcode) {
        guard let slot = transfer.slot else { return }
        if case .streaming = transfer.mode, !transfer.isDraining {
            if slot.hasCompleteHead { handUpHead(transfer, slot) }
            if slot.hasBody { passOn(transfer, slot) }
        }
        var summary = slot.summary(of: transfer, ended: ended)
        if let (kind, message) = slot.failure(result, of: transfer) {
            // libcurl has closed the socket by now; before 8.0 it does not say when TCP was up either.
            if kind == .tlsHandshake || kind == .certificate {
                summary.handshakeStarted = summary.connected ?? summary.connectStarted
            }
            return conclude(transfer, .failure(TransportError(kind, message, summary: summary)), ended: ended)
        }
        lastAnswering = transfer.origin
        let body = slot.takeBody()  // a stream's was passed on above
        let response = WireResponse(
            head: slot.head(), body: .buffered(body), trailers: slot.trailers(), summary: summary)
        conclude(transfer, .success(response), ended: ended)
    }

    func fail(
        _ transfer: Transfer, _ kind: TransportError.Kind, _ message: String, cause: (any Error)? = nil
    ) {
        let ended = Self.readClock()
        let summary =
            transfer.slot?.summary(of: transfer, ended: ended) ?? SendSummary(transfer, started: nil, ended: ended)
        conclude(transfer, .failure(TransportError(kind, message, summary: summary, cause: cause)), ended: ended)
    }

    /// The only way out of `live`: everything that a transfer holds is given back here.
    private func conclude(_ transfer: Transfer, _ answer: Result<WireResponse, any Error>, ended: MonotonicInstant) {
        timers.remove(transfer)
        if let upload = transfer.upload { endUpload(upload) }
        let last = live.removeLast()
        if transfer.liveIndex < live.count {
            live[transfer.liveIndex] = last
            last.liveIndex = transfer.liveIndex
        }
        if transfer.state == .waiting {
            gate.withdraw(transfer, from: transfer.lane)
        } else {
            gate.ended(transfer.lane, wasConnected: transfer.isConnected)
        }
        transfer.state = .over
        loop.counters.over()
        if let pipe = transfer.pipe {
            let summary = transfer.slot?.summary(of: transfer, ended: ended)
            pipe.finish(answer, summary: summary)
            deliveries.append(pipe)
            transfer.pipe = nil
        } else if !transfer.isDraining {
            // One that is drained had its answer long ago, and another thread may be giving it out.
            transfer.answer = answer
            deliveries.append(transfer)
        }
        guard let slot = transfer.slot else { return }
        transfer.slot = nil
        if case .failure = answer { slot.form = .unknown }
        loop.counters.sent(slot)
        core.remove(slot)
        slot.release()
        if pool.count < Self.pooledSlots { pool.append(slot) } else { slot.destroy() }
    }

    /// An idle easy handle is about 6 kB.
    private static let pooledSlots = 256
}
