import CContrailCurlShim
import ContrailCore
import Testing

@testable import ContrailCurl

@Suite struct FailureRulesTests {
    private typealias Facts = FailureRules.Facts
    private static let sent = Facts(wireSends: 1)
    private static let reused = Facts(wireSends: 1, connectionReused: true)

    private static let table: [(CURLcode, Facts, TransportError.Kind?)] = [
        (CURLE_OK, Facts(wireSends: 1, headBegun: true, headComplete: true), nil),
        (CURLE_OK, Facts(wireSends: 1, headBegun: true), .connectionReset),
        (CURLE_COULDNT_RESOLVE_HOST, Facts(), .nameResolution),
        (CURLE_COULDNT_CONNECT, Facts(), .connect),
        (CURLE_COULDNT_CONNECT, Facts(openErrno: 24), .localResources),
        (CURLE_OPERATION_TIMEDOUT, Facts(), .connectTimeout),
        (CURLE_OPERATION_TIMEDOUT, sent, .timeout),
        (CURLE_SSL_CONNECT_ERROR, Facts(), .tlsHandshake),
        (CURLE_PEER_FAILED_VERIFICATION, Facts(), .certificate),
        (CURLE_SSL_CACERT_BADFILE, Facts(), .certificate),
        (CURLE_SSL_ISSUER_ERROR, Facts(), .certificate),
        (CURLE_SSL_PINNEDPUBKEYNOTMATCH, Facts(), .certificate),
        (CURLE_SSL_INVALIDCERTSTATUS, Facts(), .certificate),
        (CURLE_PARTIAL_FILE, sent, .truncatedBody),
        (CURLE_GOT_NOTHING, sent, .emptyReply),
        (CURLE_GOT_NOTHING, reused, .staleConnection),
        (CURLE_GOT_NOTHING, Facts(wireSends: 1, uploadIsUnfinished: true), .connectionReset),
        (CURLE_WRITE_ERROR, Facts(wireSends: 1, headComplete: true, isDecoded: true), .decompressionBomb),
        (CURLE_RECV_ERROR, sent, .connectionReset),
        (CURLE_RECV_ERROR, reused, .staleConnection),
        (CURLE_RECV_ERROR, Facts(wireSends: 1, connectionReused: true, headBegun: true), .connectionReset),
        (CURLE_SEND_ERROR, sent, .connectionReset),
        (CURLE_RECV_ERROR, Facts(), .connect),
        (CURLE_HTTP2_STREAM, sent, .connectionReset),
        (CURLE_HTTP2_STREAM, Facts(wireSends: 1, headComplete: true), .truncatedBody),
        (CURLE_UNSUPPORTED_PROTOCOL, sent, .protocolViolation),
        (CURLE_UNSUPPORTED_PROTOCOL, Facts(), .invalidRequest),
        (CURLE_OUT_OF_MEMORY, Facts(), .localResources),
        (CURLE_OUT_OF_MEMORY, sent, .headersTooLarge),
        (CURLE_OUT_OF_MEMORY, Facts(wireSends: 1, headComplete: true, isDecoded: true), .decompressionBomb),
        (CURLE_BAD_CONTENT_ENCODING, sent, .badContentEncoding),
        (CURLE_RECV_ERROR, Facts(wireSends: 1, headComplete: true, chunkIsMalformed: true), .protocolViolation),
        (
            CURLE_WRITE_ERROR, Facts(wireSends: 1, callbackFailure: CONTRAIL_FAILURE_TOO_MANY_INTERIM),
            .protocolViolation
        ),
        (
            CURLE_WRITE_ERROR, Facts(wireSends: 1, callbackFailure: CONTRAIL_FAILURE_DECOMPRESSION_BOMB),
            .decompressionBomb
        ),
        (
            CURLE_ABORTED_BY_CALLBACK, Facts(wireSends: 1, connectionReused: true, secondSendRefused: true),
            .staleConnection
        ),
        (CURLE_COULDNT_CONNECT, Facts(wireSends: 1, connectionReused: true, secondSendRefused: true), .staleConnection),
        (CURLE_ABORTED_BY_CALLBACK, Facts(wireSends: 1, secondSendRefused: true), .connectionReset),
        (CURLE_WRITE_ERROR, Facts(wireSends: 1, callbackFailure: CONTRAIL_FAILURE_BODY_TOO_LARGE), .bodyTooLarge),
        (CURLE_WRITE_ERROR, Facts(wireSends: 1, callbackFailure: CONTRAIL_FAILURE_HEAD_TOO_LARGE), .headersTooLarge),
        (CURLE_WRITE_ERROR, Facts(wireSends: 1, callbackFailure: CONTRAIL_FAILURE_MALFORMED_HEAD), .protocolViolation),
        (CURLE_LDAP_CANNOT_BIND, sent, .other),
    ]

    @Test(arguments: table.indices)
    func everyResultHasItsKind(index: Int) {
        let (code, facts, kind) = Self.table[index]
        #expect(FailureRules.kind(code, facts) == kind, "code \(code.rawValue), \(facts)")
    }

    @Test func libcurlsTextIsUsedOnlyBeforeARequestWentOut() {
        let detail = "SECRET"
        #expect(FailureRules.message(.connect, place: "h:1", detail: detail).contains(detail))
        for kind in [TransportError.Kind.connectionReset, .protocolViolation, .other, .truncatedBody] {
            let message = FailureRules.message(kind, place: "h:1", detail: detail)
            #expect(!message.contains(detail) && message.contains("h:1"))
        }
    }
}
