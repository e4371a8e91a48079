import CContrailCurlShim
import ContrailCore

/// Which ``TransportError/Kind`` a failed transfer is, as a pure decision.
struct FailureRules {
    /// What the callbacks saw.
    struct Facts: Equatable {
        var wireSends = 0
        var connectionReused = false
        var secondSendRefused = false
        var headBegun = false
        var headComplete = false
        var callbackFailure = CONTRAIL_FAILURE_NONE
        /// libcurl found a chunk that is none. It has no code of its own for it, so its text has to tell.
        var chunkIsMalformed = false
        var isDecoded = false
        /// Not all of the request body was on its way yet.
        var uploadIsUnfinished = false
        /// errno of a socket that could not be made; 0: none.
        var openErrno: Int32 = 0
    }

    /// `nil` if the transfer succeeded.
    static func kind(_ code: CURLcode, _ facts: Facts) -> TransportError.Kind? {
        switch facts.callbackFailure {
        case CONTRAIL_FAILURE_HEAD_TOO_LARGE: return .headersTooLarge
        case CONTRAIL_FAILURE_BODY_TOO_LARGE: return .bodyTooLarge
        case CONTRAIL_FAILURE_MALFORMED_HEAD, CONTRAIL_FAILURE_TOO_MANY_INTERIM: return .protocolViolation
        case CONTRAIL_FAILURE_DECOMPRESSION_BOMB: return .decompressionBomb
        case CONTRAIL_FAILURE_OUT_OF_MEMORY: return .localResources
        default: break
        }
        if facts.secondSendRefused { return facts.connectionReused ? .staleConnection : .connectionReset }
        if facts.openErrno != 0, code != CURLE_OK, facts.wireSends == 0 { return .localResources }
        return code == CURLE_OK ? incomplete(facts) : kind(of: code, facts)
    }

    /// libcurl calls a connection that closes inside the head a success.
    private static func incomplete(_ facts: Facts) -> TransportError.Kind? {
        if facts.headComplete { return nil }
        return facts.headBegun ? .connectionReset : .emptyReply
    }

    private static func kind(of code: CURLcode, _ facts: Facts) -> TransportError.Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .nameResolution
        case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED: return .connect
        case CURLE_OPERATION_TIMEDOUT: return facts.wireSends == 0 ? .connectTimeout : .timeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER: return .tlsHandshake
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CRL_BADFILE:
            return .certificate
        case CURLE_PARTIAL_FILE: return .truncatedBody
        // A peer that closes in the middle of an upload has not answered nothing: it was never asked. Seen from 8.9 on.
        case CURLE_GOT_NOTHING: return lost(facts, otherwise: facts.uploadIsUnfinished ? .connectionReset : .emptyReply)
        case CURLE_RECV_ERROR where facts.headComplete && facts.chunkIsMalformed: return .protocolViolation
        // libcurl wanted to send a body again, and had no way to get it again.
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_SEND_FAIL_REWIND: return lost(facts, otherwise: .connectionReset)
        case CURLE_HTTP2_STREAM: return facts.headComplete ? .truncatedBody : .connectionReset
        case CURLE_BAD_CONTENT_ENCODING: return .badContentEncoding
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_HTTP3:
            return facts.wireSends > 0 ? .protocolViolation : .invalidRequest
        case CURLE_URL_MALFORMAT: return .invalidRequest
        // libcurl's own limits, 100 kB for a line among them; the second code is new in 8.6.
        case CURLE_OUT_OF_MEMORY where facts.wireSends > 0 && !facts.headComplete, CURLcode(rawValue: 100):
            return .headersTooLarge
        // What it decoded while the transfer was paused outgrew its buffer of 64 MB; the second spelling is of 8.13 and later.
        case CURLE_WRITE_ERROR where facts.isDecoded && facts.headComplete: return .decompressionBomb
        case CURLE_OUT_OF_MEMORY where facts.isDecoded && facts.headComplete: return .decompressionBomb
        case CURLE_OUT_OF_MEMORY: return .localResources
        default: return .other
        }
    }

    /// A reused connection that dies before a byte of the response is stale, however libcurl puts it.
    private static func lost(_ facts: Facts, otherwise kind: TransportError.Kind) -> TransportError.Kind {
        if facts.wireSends == 0 { return .connect }
        return facts.connectionReused && !facts.headBegun ? .staleConnection : kind
    }

    /// One sentence; `detail` is libcurl's own text and only used where it is known to hold nothing of the request.
    static func message(_ kind: TransportError.Kind, place: String, detail: String) -> String {
        switch kind {
        case .nameResolution, .connect, .connectTimeout, .tlsHandshake, .certificate:
            detail.isEmpty ? "\(text(kind)) (\(place))" : "\(text(kind)) (\(place)): \(detail)"
        default: "\(text(kind)) (\(place))"
        }
    }

    private static func text(_ kind: TransportError.Kind) -> String {
        switch kind {
        case .nameResolution: "the name could not be resolved"
        case .connect: "no connection could be made"
        case .connectTimeout: "connecting took longer than the connect timeout"
        case .tlsHandshake: "the TLS handshake failed"
        case .certificate: "the peer's certificate is not acceptable"
        case .staleConnection: "a kept-alive connection died before the response; it was not sent again"
        case .emptyReply: "the connection closed before the response"
        case .connectionReset: "the connection broke"
        case .truncatedBody: "the body ended early"
        case .protocolViolation: "what came is not HTTP"
        case .headersTooLarge: "the header block is larger than the limit"
        case .bodyTooLarge: "the body is larger than the limit"
        case .badContentEncoding:
            "the body is not in the coding that its Content-Encoding names; switch decoding off to get it as it is"
        case .decompressionBomb: "the body grows too much when it is decoded; raise decoding.maxRatio if that is right"
        case .localResources: "this machine is out of descriptors, threads or memory"
        default: "the transfer failed"
        }
    }
}

extension Slot {
    /// Why the transfer failed; `nil` if it did not.
    func failure(_ code: CURLcode, of transfer: Transfer) -> (kind: TransportError.Kind, message: String)? {
        // SAFETY: read on the loop's thread; the slot is valid, see Slot.
        let facts = unsafe FailureRules.Facts(
            wireSends: Int(raw.pointee.wire_sends), connectionReused: raw.pointee.connection_reused,
            secondSendRefused: raw.pointee.second_send_refused, headBegun: raw.pointee.first_byte_at != 0,
            headComplete: hasCompleteHead,
            callbackFailure: raw.pointee.failure,
            chunkIsMalformed: code == CURLE_RECV_ERROR && errorText.contains("chunk"),
            isDecoded: raw.pointee.encoded, uploadIsUnfinished: isUploading && !hasHandedAll,
            openErrno: raw.pointee.open_errno
        )
        guard let kind = FailureRules.kind(code, facts) else { return nil }
        if facts.callbackFailure == CONTRAIL_FAILURE_TOO_MANY_INTERIM {
            return (kind, "more interim responses than \(LoopSettings.maxInterim) (\(transfer.place))")
        }
        return (kind, FailureRules.message(kind, place: transfer.place, detail: errorText))
    }
}

extension Transfer {
    /// Host and port, for messages; never path or query.
    var place: String { "\(origin.host.contains(":") ? "[\(origin.host)]" : origin.host):\(origin.port)" }
}
