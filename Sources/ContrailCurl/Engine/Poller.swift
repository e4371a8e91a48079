import CContrailCurlShim

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a loop waits on. One implementation per way of waiting; nothing else in the engine knows which.
protocol Poller: AnyObject, Sendable {
    /// Makes the multi handle that this poller drives, one at a time; `nil` if memory or descriptors are out.
    func makeCore(maxConnections: Int) -> LoopCore?
    /// Ends the wait in progress or the next one. From any thread; never after ``close()``.
    func wake()
    /// Gives back what the poller holds. The cores it made must be destroyed.
    func close()
}

/// The ways of waiting.
package enum PollerKind: String, Sendable, CaseIterable {
    #if os(Linux) || os(Android)
        /// epoll, woken by an eventfd: a turn costs O(sockets that are ready).
        case epoll
    #endif
    /// `curl_multi_poll`, woken by `curl_multi_wakeup`: runs everywhere, a turn costs O(transfers under way).
    case portable

    /// True if another thread may use the multi handle while the loop's waits.
    var letsOthersTakeTurns: Bool { self != .portable }

    /// The best one of the platform. Builds for testing take another from the environment, so that the whole suite, and
    /// every program it starts, runs on it: `CONTRAIL_POLLER=portable`.
    package static let standard: PollerKind = {
        #if DEBUG
            // SAFETY: the text is copied before anything else runs on this thread; tests do not change the environment.
            if let name = unsafe getenv("CONTRAIL_POLLER"),
                let kind = unsafe PollerKind(rawValue: String(cString: name))
            {
                return kind
            }
        #endif
        return allCases[0]
    }()

    /// Throws if the machine is out of descriptors or memory.
    func make() throws(OutOfResources) -> any Poller {
        switch self {
        #if os(Linux) || os(Android)
            case .epoll: try EpollPoller()
        #endif
        case .portable: try PortablePoller()
        }
    }
}

/// The machine would not give what a loop needs.
struct OutOfResources: Error {
    /// An errno value.
    let errorNumber: Int32
}
