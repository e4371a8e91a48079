import Glibc

/// A port of 127.0.0.1, of the system's choice, and what those meet who connect to it.
struct LoopbackListener: Sendable {
    let descriptor: Int32
    let port: Int
    /// Connections of our own that fill the queue of a crowded door.
    private let fillers: [Int32]

    init(_ door: LoopbackServer.Door) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw LoopbackServer.Failure("socket") }
        guard let port = Self.bind(descriptor), Self.listen(descriptor, door) else {
            defer { Glibc.close(descriptor) }
            throw LoopbackServer.Failure("listen")
        }
        self.descriptor = descriptor
        self.port = port
        // One more than a queue of length 0 takes fills it on every kernel; the others make sure.
        fillers = door == .crowded ? (0..<4).map { _ in Self.connect(to: port) } : []
    }

    /// Wakes the thread that accepts, and refuses those who come.
    func endAccepting() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    func close() {
        for filler in fillers { Glibc.close(filler) }
        Glibc.close(descriptor)
    }

    private static func listen(_ descriptor: Int32, _ door: LoopbackServer.Door) -> Bool {
        switch door {
        case .open: Glibc.listen(descriptor, 4096) == 0
        case .crowded: Glibc.listen(descriptor, 0) == 0
        // Bound all the same, so that nobody else gets the port.
        case .closed: true
        }
    }

    private static func bind(_ descriptor: Int32) -> Int? {
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // SAFETY: the pointers are to local variables and do not outlive the calls.
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe Glibc.bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
            }
        }
        return isBound ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }

    private static func connect(to port: Int) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let filler = socket(AF_INET, kind, 0)
        var address = loopback(port: port)
        // SAFETY: the pointer is to the local address and does not outlive the call.
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = unsafe Glibc.connect(filler, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return filler
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        return address
    }
}
