import Glibc

/// One connection of a ``LoopbackServer``. Used by its thread only.
package struct LoopbackConnection: Sendable {
    package let descriptor: Int32
    /// 1 for the first that the server accepted.
    package let number: Int

    package init(_ descriptor: Int32, number: Int = 1) {
        self.descriptor = descriptor
        self.number = number
    }

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

    /// Waits; false if the peer closed or the server stopped meanwhile.
    package func wait(milliseconds: Int) -> Bool {
        // POLLRDHUP: Linux tells of a peer that closed by this flag only, and Swift's Glibc does not show it.
        var watched = pollfd(fd: descriptor, events: 0x2000, revents: 0)
        // SAFETY: the pointer is to a local variable.
        return unsafe poll(&watched, 1, Int32(clamping: milliseconds)) == 0
    }

    /// True if something has arrived, or the connection is over; false if nothing did for so long.
    package func hasNews(within milliseconds: Int) -> Bool {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // SAFETY: the pointer is to a local variable.
        return unsafe poll(&watched, 1, Int32(clamping: milliseconds)) > 0
    }

    /// Lets the close that follows be a reset: what is unsent is thrown away, and the peer gets an error.
    package func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        // SAFETY: the pointer is to a local variable.
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Tells the peer that nothing more will come; it may still send.
    package func closeSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Lets a send give up when the peer takes nothing for so long.
    package func limitSending(milliseconds: Int) {
        var limit = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        // SAFETY: the pointer is to a local variable.
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Reads and forgets until the peer closes or the server stops.
    package func drain() {
        while !receive().isEmpty {}
    }
}
