import CContrailCurlShim

/// An option of an easy handle with the type of its value, so that a wrong value does not compile.
struct EasyOption<Value> {
    let id: CURLoption
}

extension EasyOption<Int> {
    static var noSignal: Self { .init(id: CURLOPT_NOSIGNAL) }
    static var quickExit: Self { .init(id: CURLOPT_QUICK_EXIT) }
    static var followLocation: Self { .init(id: CURLOPT_FOLLOWLOCATION) }
    static var httpVersion: Self { .init(id: CURLOPT_HTTP_VERSION) }
    static var connectTimeoutMilliseconds: Self { .init(id: CURLOPT_CONNECTTIMEOUT_MS) }
    static var maxIdleSeconds: Self { .init(id: CURLOPT_MAXAGE_CONN) }
    static var maxLifetimeSeconds: Self { .init(id: CURLOPT_MAXLIFETIME_CONN) }
    static var suppressConnectHeaders: Self { .init(id: CURLOPT_SUPPRESS_CONNECT_HEADERS) }
    static var keepAliveProbes: Self { .init(id: CURLOPT_TCP_KEEPALIVE) }
    static var pathAsIs: Self { .init(id: CURLOPT_PATH_AS_IS) }
    static var refuseUserInfo: Self { .init(id: CURLOPT_DISALLOW_USERNAME_IN_URL) }
    static var tlsVersion: Self { .init(id: CURLOPT_SSLVERSION) }
    static var freshConnect: Self { .init(id: CURLOPT_FRESH_CONNECT) }
    static var noBody: Self { .init(id: CURLOPT_NOBODY) }
    static var receiveBufferBytes: Self { .init(id: CURLOPT_BUFFERSIZE) }
    static var uploadBufferBytes: Self { .init(id: CURLOPT_UPLOAD_BUFFERSIZE) }
    static var get: Self { .init(id: CURLOPT_HTTPGET) }
}

/// A number of bytes.
struct Offset { var value: Int }

extension EasyOption<Offset> {
    static var bodyBytes: Self { .init(id: CURLOPT_POSTFIELDSIZE_LARGE) }
}

/// A C string; `nil` takes libcurl's default away.
struct Text {}

extension EasyOption<Text> {
    static var url: Self { .init(id: CURLOPT_URL) }
    static var method: Self { .init(id: CURLOPT_CUSTOMREQUEST) }
    static var protocols: Self { .init(id: CURLOPT_PROTOCOLS_STR) }
    static var redirectProtocols: Self { .init(id: CURLOPT_REDIR_PROTOCOLS_STR) }
    static var caFile: Self { .init(id: CURLOPT_CAINFO) }
    static var clientCertificate: Self { .init(id: CURLOPT_SSLCERT) }
    static var clientKey: Self { .init(id: CURLOPT_SSLKEY) }
    static var caDirectory: Self { .init(id: CURLOPT_CAPATH) }
    static var acceptEncoding: Self { .init(id: CURLOPT_ACCEPT_ENCODING) }
    static var proxy: Self { .init(id: CURLOPT_PROXY) }
    static var noProxy: Self { .init(id: CURLOPT_NOPROXY) }
}

/// Memory that libcurl reads until the transfer is taken back.
struct Borrowed {}

extension EasyOption<Borrowed> {
    static var headers: Self { .init(id: CURLOPT_HTTPHEADER) }
    static var body: Self { .init(id: CURLOPT_POSTFIELDS) }
}
