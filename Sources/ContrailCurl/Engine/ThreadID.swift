import CContrailCurlShim

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A thread of ours. Exactly one of `join` and `detach` is called, once.
struct ThreadID: Sendable {
    private let id: pthread_t

    /// Starts a thread that runs `driver`, with all signals blocked.
    static func start(name: String, _ driver: LoopDriver) throws(OutOfResources) -> ThreadID {
        var id = pthread_t()
        // SAFETY: the +1 on the driver is taken over by the thread; if there is no thread, it is given back here.
        let box = unsafe Unmanaged.passRetained(driver)
        let error = unsafe contrail_thread_start(&id, runDriver, box.toOpaque(), name)
        guard error == 0 else {
            driver.discard()
            unsafe box.release()
            throw OutOfResources(errorNumber: error)
        }
        return ThreadID(id: id)
    }

    func join() { _ = pthread_join(id, nil) }
    func detach() { _ = pthread_detach(id) }
}

// SAFETY: the context is the retained driver of `start`, handed to exactly one thread.
private func runDriver(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    let loop = unsafe Unmanaged<LoopDriver>.fromOpaque(context).takeRetainedValue().run()
    loop.ended()
    return nil
}
