public import HTTPTypes

extension Telemetry {
    /// An OTLP receiver: where it is, and how spans are sent to it. What is `nil` has the default that is named.
    public struct OTLPDestination: Sendable {
        /// The base URL, to which `/v1/traces` is appended. Default `http://localhost:4318`.
        public var endpoint: String?
        /// The URL for traces as it is; wins over ``endpoint``. Default none.
        public var tracesEndpoint: String?
        /// Header fields of every export, an API key say. Those that describe the message itself (Content-Type, …) are
        /// ignored. Default none.
        public var headers: HTTPFields = [:]
        /// How long the export of one batch may take, retries included; zero is no limit. Default 10 s.
        public var timeout: Duration?
        /// Whether bodies are compressed. Default ``Compression/none``: near a collector, CPU costs more than bytes.
        public var compression: Compression?
        /// How bodies are written. Default ``Encoding/protobuf``.
        public var encoding: Encoding?
        /// The trusted certificate authorities, one PEM file. Default: the system's.
        public var certificateAuthorityFile: String?
        /// The certificate that the receiver is shown, one PEM file with its chain. Default none.
        public var clientCertificateFile: String?
        /// The private key of that certificate, one PEM file without a passphrase. Default none.
        public var clientKeyFile: String?
        /// The largest body that is sent, in bytes, before compression; a larger batch is dropped and counted. Default
        /// 64 MiB (OTLP Exporter, "Max Request Size").
        public var maxRequestBytes = 64 << 20
        /// The largest answer that is read, in bytes; a larger one is a failure that is not tried again. Default 4 MiB
        /// (OTLP Exporter, "Max Response Size").
        public var maxResponseBytes = 4 << 20

        /// The defaults.
        ///
        /// - Parameter endpoint: the base URL.
        public init(endpoint: String? = nil) { self.endpoint = endpoint }

        /// Whether bodies are compressed.
        public enum Compression: Sendable, Hashable {
            /// As they are.
            case none
            /// gzip, at its fastest.
            case gzip
        }

        /// How bodies are written (OTLP/HTTP, "Binary Protobuf Encoding", "JSON Protobuf Encoding").
        public enum Encoding: Sendable, Hashable {
            /// `http/protobuf`.
            case protobuf
            /// `http/json`: three times the bytes and far more CPU, for receivers that know nothing else.
            case json
        }
    }
}
