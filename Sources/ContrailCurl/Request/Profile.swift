import CContrailCurlShim
import ContrailBase
import ContrailCore

/// What every transfer of a transport has in common, and how one transfer is written into a handle.
struct Profile: Sendable {
    /// NUL-terminated; `nil` leaves libcurl's built-in file.
    let caFile: [CChar]?
    /// NUL-terminated; `nil`: the peer is shown no certificate.
    private let clientCertificate: [CChar]?
    private let clientKey: [CChar]?
    let httpVersion: Int
    let maxIdleSeconds: Int
    let maxLifetimeSeconds: Int

    init(_ configuration: CurlTransport.Configuration, caFile: String?) {
        self.caFile = caFile.map { Array($0.utf8CString) }
        clientCertificate = configuration.clientCertificateFile.map { Array($0.utf8CString) }
        clientKey = configuration.clientKeyFile.map { Array($0.utf8CString) }
        httpVersion =
            switch configuration.httpVersion {
            case .http1: Int(CURL_HTTP_VERSION_1_1)
            case .http2OverTLS where contrail_libcurl_has_http2() != 0: Int(CURL_HTTP_VERSION_2TLS)
            case .http2OverTLS: Int(CURL_HTTP_VERSION_1_1)
            }
        maxIdleSeconds = Self.wholeSeconds(configuration.idleConnectionAge)
        maxLifetimeSeconds = Self.wholeSeconds(configuration.maxConnectionLifetime)
    }

    /// Writes everything into a slot; only what differs if its last request was of the same form. Returns the first
    /// complaint of libcurl.
    func apply(to slot: Slot, _ transfer: Transfer) -> CURLcode {
        let form = RequestForm(transfer)
        var setter = OptionSetter(slot: slot)
        if slot.form != form {
            setter.reset()
            applyFixed(&setter)
            applyForm(&setter, form)
        }
        applyRequest(&setter, transfer)
        slot.form = setter.result == CURLE_OK ? form.left : .unknown
        return setter.result
    }

    private func applyFixed(_ set: inout OptionSetter) {
        set(.noSignal, 1)
        set(.quickExit, 1)  // or cancelling during DNS joins the resolver's thread, on the loop
        set(.followLocation, 0)
        set(.pathAsIs, 1)  // what spans show is what goes on the wire
        set(.refuseUserInfo, 1)
        set(.protocols, "http,https")
        set(.redirectProtocols, "http,https")
        set(.tlsVersion, Int(CURL_SSLVERSION_TLSv1_2))
        // A CA directory switches libcurl's certificate cache off: 20 ms instead of 1 ms of CPU per TLS connection.
        set(.caDirectory, nil)
        Self.set(&set, .caFile, caFile)
        Self.set(&set, .clientCertificate, clientCertificate)
        Self.set(&set, .clientKey, clientKey)
        // Both, or libcurl reads the environment on the loop thread for every request.
        set(.proxy, "")
        set(.noProxy, "")
        set(.httpVersion, httpVersion)
        set(.maxIdleSeconds, maxIdleSeconds)
        set(.maxLifetimeSeconds, maxLifetimeSeconds)
        set(.suppressConnectHeaders, 1)
        set(.keepAliveProbes, 1)
    }

    /// Sets a NUL-terminated text, if there is one.
    // SAFETY: libcurl copies the string inside the call.
    private static func set(_ setter: inout OptionSetter, _ option: EasyOption<Text>, _ text: [CChar]?) {
        if let text { unsafe text.withUnsafeBufferPointer { unsafe setter(option, pointer: $0.baseAddress) } }
    }

    private func applyRequest(_ set: inout OptionSetter, _ transfer: Transfer) {
        let block = transfer.block
        // The limit is ours (TimeLimits), which knows the phase; libcurl's, 300 s unless set, is only behind it.
        set(.connectTimeoutMilliseconds, Self.milliseconds(transfer.limits.connect + .seconds(1)))
        // SAFETY: block and body belong to the transfer, which keeps them until the handle is taken back.
        unsafe set(.url, pointer: block.url)
        unsafe set(.headers, borrowed: block.headers.map { UnsafeRawPointer($0) })
        if transfer.needsNewConnection { set(.freshConnect, 1) }
        if let upload = transfer.upload {
            set(.uploadBufferBytes, Self.uploadBufferBytes)
            set(upload)
        } else if block.shape == .body {
            set(.bodyBytes, Offset(value: transfer.body?.count ?? 0))
            unsafe set(.body, borrowed: transfer.bodyStart)
        }
        // By itself libcurl makes every upload a PUT.
        if block.namesMethod || transfer.upload != nil { unsafe set(.method, pointer: block.method) }
    }

    /// What requests of a form have in common.
    private func applyForm(_ set: inout OptionSetter, _ form: RequestForm) {
        if form.contains(.get) { set(.get, 1) }
        if form.contains(.head) { set(.noBody, 1) }
        // What a read decodes to is kept whole while the consumer pauses: only what is not decoded is read in large pieces.
        if form.contains(.largeReads) { set(.receiveBufferBytes, Self.receiveBufferBytes) }
        // SAFETY: the text is static.
        if form.contains(.decodes) { unsafe set(.acceptEncoding, pointer: contrail_libcurl_codings()) }
    }

    /// libcurl reads at most this much at a time, and polls the socket in between; 16 kB unless set.
    private static let receiveBufferBytes = 100 * 1024
    /// libcurl writes at most this much at a time, and waits for the socket in between. It has the buffer only while
    /// the transfer runs.
    private static let uploadBufferBytes = 256 * 1024

    /// libcurl takes 0 as "the default, 300 s", so the smallest is 1.
    static func milliseconds(_ duration: Duration) -> Int {
        let nanoseconds = duration.wholeNanoseconds
        let rounded = nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0)
        return Int(min(max(rounded, 1), Int64(Int32.max)))
    }

    /// How long to wait: rounded up, or the loop would spin through the last millisecond.
    static func waitMilliseconds(until limit: MonotonicInstant, now: MonotonicInstant) -> Int32 {
        limit <= now ? 0 : Int32(min(milliseconds(limit - now), 3_600_000))
    }

    private static func wholeSeconds(_ duration: Duration) -> Int {
        Int(min(max(duration.wholeNanoseconds / 1_000_000_000, 1), Int64(Int32.max)))
    }
}

/// Sets options one after another and keeps the first error.
///
// SAFETY: the slot is valid and this is its loop's thread, see Slot. libcurl copies numbers and strings inside the call;
// what it borrows instead has a type of its own, Borrowed, whose two users keep it alive.
struct OptionSetter {
    let slot: Slot
    private(set) var result = CURLE_OK

    mutating func callAsFunction(_ option: EasyOption<Int>, _ value: Int) {
        note(unsafe contrail_slot_set_long(slot.raw, option.id, value))
    }

    mutating func callAsFunction(_ option: EasyOption<Offset>, _ value: Offset) {
        note(unsafe contrail_slot_set_offset(slot.raw, option.id, curl_off_t(value.value)))
    }

    /// A constant, or nothing.
    mutating func callAsFunction(_ option: EasyOption<Text>, _ value: StaticString?) {
        // SAFETY: a static string is NUL-terminated and lives for ever.
        let text = unsafe value.map { unsafe UnsafeRawPointer($0.utf8Start).assumingMemoryBound(to: CChar.self) }
        unsafe callAsFunction(option, pointer: text)
    }

    /// libcurl copies the string.
    mutating func callAsFunction(_ option: EasyOption<Text>, pointer: UnsafePointer<CChar>?) {
        note(unsafe contrail_slot_set_string(slot.raw, option.id, pointer))
    }

    mutating func callAsFunction(_ option: EasyOption<Borrowed>, borrowed: UnsafeRawPointer?) {
        note(unsafe contrail_slot_set_pointer(slot.raw, option.id, borrowed))
    }

    mutating func reset() { note(slot.reset()) }

    /// The body goes out in its own time.
    mutating func callAsFunction(_ upload: Upload) { note(slot.attach(upload)) }

    private mutating func note(_ code: CURLcode) {
        if result == CURLE_OK { result = code }
    }
}
