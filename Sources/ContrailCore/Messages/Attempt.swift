extension HTTPCall {
    /// One send of a call, as it went.
    public struct Attempt: Sendable {
        /// The send's number in the call, from 0: what `http.request.resend_count` shows from 1 on.
        public let ordinal: Int
        /// The status that came back; `nil` if none did.
        public let statusCode: Int?
        /// What went wrong; `nil` if a response came back whole.
        public let failure: ClientError.Code?
        /// When what happened on the wire.
        public let summary: SendSummary
        /// How long the result waited until the calling task ran again.
        public let resumeDelay: Duration
    }
}
