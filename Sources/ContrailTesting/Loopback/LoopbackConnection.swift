import Glibc

/// One connection of a ``LoopbackServer``. Used by its thread only.
package struct LoopbackConnection: Sendable {
    package let descriptor: Int32

    package init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// What has arrived, at least a byte; empty at the end, on an error, and when the server stops.
    package func receive(atMost count: Int = 65536) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: count)
        while true {
            // SAFETY: the array has `count` bytes, and outlives the call.
            let received = unsafe recv(descriptor, &chunk, count, 0)
            if received < 0, errno == EINTR { continue }
            return Array(chunk.prefix(max(0, received)))
        }
    }

    /// Sends all of `bytes`; false if the peer is gone.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            // SAFETY: the pointer stays within the array, and is used during the call only.
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    descriptor, bytes.baseAddress.map { unsafe $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Waits; false if the server stopped meanwhile.
    package func wait(milliseconds: Int) -> Bool {
        var watched = pollfd(fd: descriptor, events: 0, revents: 0)
        // SAFETY: the pointer is to a local variable.
        return unsafe poll(&watched, 1, Int32(clamping: milliseconds)) == 0
    }

    /// Reads and forgets until the peer closes or the server stops.
    package func drain() {
        while !receive().isEmpty {}
    }
}
