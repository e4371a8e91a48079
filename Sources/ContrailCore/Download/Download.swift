extension HTTPCall {
    /// A file that was downloaded.
    public struct Download: Sendable {
        /// Status, version and header fields of the last response: 200, or 206 if it continued a part.
        public let head: ResponseHead
        /// The URL that answered: after redirects, the last one.
        public let url: RequestURL
        /// The file.
        public let path: String
        /// Its size in bytes.
        public let byteCount: Int64
        /// How many bytes of it were there from an earlier download.
        public let continuedFrom: Int64
        /// How often the download broke off and went on.
        public let resumeCount: Int
    }

    /// How a file is downloaded.
    public struct DownloadOptions: Sendable {
        /// Whether a download that fails leaves what it has as `<path>.part`, with `<path>.part.info` beside it, for the
        /// next one to continue. Default false. Kept only if the server gave a strong entity tag. A part that a power
        /// failure cut off may hold less than its size says: delete it then.
        public var keepsPartialFile = false
        /// How often one download goes on after its body broke off, by Range, if the server has a strong entity tag and
        /// something came since the last time. Default 5; 0: never.
        public var maxResumes = 5
        /// The largest file, in bytes; a larger one fails with `body_too_large`. Default `nil`: as large as the disk allows.
        public var maxBytes: Int64?
        /// Called after each piece (256 kB or the last one) is in the file. Must not block. Default `nil`. The same as a
        /// sequence: ``HTTPCall/Request/progress``.
        public var onProgress: (@Sendable (DownloadProgress) -> Void)?

        /// The defaults.
        public init() {}
    }

    /// How far a download is.
    public struct DownloadProgress: Sendable, Hashable {
        /// Bytes in the file.
        public let receivedBytes: Int64
        /// Bytes that it will have; `nil` if the server did not say.
        public let totalBytes: Int64?
    }
}
