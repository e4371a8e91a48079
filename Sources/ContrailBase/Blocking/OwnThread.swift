#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Threads of ours that nobody joins.
package enum OwnThread {
    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(_ name: String, _ run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Runs `body` on a new thread, all signals blocked: they are for the threads of the program. False if the system has
    /// none to give. At most 15 bytes of `name` are shown.
    package static func start(name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        // SAFETY: the box is retained here and released by the thread, or here if there is none. The signal sets and
        // the thread's id are local variables. The mask is inherited: blocked here and restored, so that no signal can
        // slip in between.
        let box = unsafe Unmanaged.passRetained(Body(name, body)).toOpaque()
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        guard unsafe pthread_create(&thread, nil, enter, box) == 0 else {
            unsafe Unmanaged<Body>.fromOpaque(box).release()
            return false
        }
        #if canImport(Darwin)
            if let thread = unsafe thread { unsafe pthread_detach(thread) }
        #else
            pthread_detach(thread)
        #endif
        return true
    }

    // SAFETY: the context is the box of `start`, handed to exactly one thread.
    private static let enter: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        guard let context = unsafe context else { return nil }
        let body = unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
        setName(body.name)
        body.run()
        return nil
    }

    /// For debuggers, `top`, and tests that count threads. Swift does not see glibc's call for it.
    private static func setName(_ name: String) {
        #if os(Linux)
            let bytes = Array(name.utf8.prefix(15))
            // SAFETY: path and bytes outlive the calls.
            let file = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { return }
            _ = unsafe write(file, bytes, bytes.count)
            _ = close(file)
        #endif
    }
}
