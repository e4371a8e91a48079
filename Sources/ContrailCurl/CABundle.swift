#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where the system keeps the certificates that it trusts, as one file.
enum CABundle {
    /// The places of Debian and Ubuntu, Fedora and RHEL, Alpine and macOS, openSUSE.
    static let places = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
        "/etc/ssl/ca-bundle.pem",
    ]

    /// `SSL_CERT_FILE` if it is set, else the first place that is readable; `nil`: none, libcurl's default holds.
    static func locate(environment: String?, isReadable: (String) -> Bool) -> String? {
        if let environment, !environment.isEmpty { return environment }
        return places.first(where: isReadable)
    }

    /// Looks on this machine. Reads the environment once, when a transport is made.
    static func locate() -> String? {
        // SAFETY: getenv's string is copied before anything else runs on this thread.
        let variable = unsafe getenv("SSL_CERT_FILE").map { unsafe String(cString: $0) }
        return locate(environment: variable, isReadable: CurlTransport.canRead)
    }
}

extension CurlTransport {
    /// True if this process may read the file, now.
    package static func canRead(_ file: String) -> Bool {
        // SAFETY: the string lives until the call is over.
        unsafe access(file, R_OK) == 0
    }
}
