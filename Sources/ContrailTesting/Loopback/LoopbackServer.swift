import ContrailBase
import Dispatch
import Glibc

/// A TCP server on 127.0.0.1, on a port of the system's choice: a thread per connection, blocking calls, nothing shared
/// but the list of what is open. Slow under ten thousand connections, and for that simple enough to be trusted by tests.
package final class LoopbackServer: Sendable {
    package typealias Serve = @Sendable (LoopbackConnection) -> Void

    private struct State {
        var connections = 0
        var open: Set<Int32> = []
        /// Threads that run, the accepting one included.
        var running = 1
        var isStopped = false
    }

    /// A system call failed.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        init(_ call: String) { description = "\(call): error \(errno)" }
    }

    package let port: Int
    private let listener: Int32
    private let serve: Serve
    private let state = Locked(State())
    private let ended = DispatchSemaphore(value: 0)

    /// Listens when it returns. `serve` runs on a thread of its own for each connection, which is closed when it returns.
    package init(_ serve: @escaping Serve) throws {
        self.serve = serve
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw Failure("socket") }
        do {
            port = try Self.listen(listener)
        } catch {
            close(listener)
            throw error
        }
        Thread.detach { self.acceptAll() }
    }

    /// How many connections there were.
    package var connectionCount: Int { state.withLock { $0.connections } }

    /// Closes the port and all connections, and returns when every thread has ended. Idempotent.
    package func stop() {
        let (isFirst, waitsFor) = state.withLock { state in
            defer { state.isStopped = true }
            if !state.isStopped {
                for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
            }
            return (!state.isStopped, state.running)
        }
        guard isFirst else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        for _ in 0..<waitsFor { ended.wait() }
        close(listener)
    }

    private func acceptAll() {
        while true {
            let descriptor = accept(listener, nil, nil)
            if descriptor < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                guard errno == EMFILE || errno == ENFILE else { break }
                // A test takes the descriptors away for a while.
                sched_yield()
                continue
            }
            // A process that a test starts meanwhile must not hold the connection open behind our back.
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let isAccepted = state.withLock { state in
                guard !state.isStopped else { return false }
                state.connections += 1
                state.running += 1
                state.open.insert(descriptor)
                return true
            }
            guard isAccepted else {
                close(descriptor)
                break
            }
            Thread.detach { self.run(descriptor) }
        }
        threadEnded()
    }

    private func run(_ descriptor: Int32) {
        serve(LoopbackConnection(descriptor))
        // Out of the set first: the number must not be another's when stop() shuts it down.
        state.withLock { _ = $0.open.remove(descriptor) }
        close(descriptor)
        threadEnded()
    }

    private func threadEnded() {
        let isAwaited = state.withLock { state in
            state.running -= 1
            return state.isStopped
        }
        if isAwaited { ended.signal() }
    }

    private static func listen(_ descriptor: Int32) throws -> Int {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // SAFETY: the pointers are to local variables and do not outlive the calls.
        let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, length) == 0 && Glibc.listen(descriptor, 4096) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isListening else { throw Failure("listen") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Threads that nobody joins.
    package enum Thread {
        private final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }

        package static func detach(_ body: @escaping @Sendable () -> Void) {
            var thread = pthread_t()
            // SAFETY: the box is retained here and released by the thread.
            let box = unsafe Unmanaged.passRetained(Box(body)).toOpaque()
            let code = unsafe pthread_create(
                &thread, nil,
                { context in
                    if let context = unsafe context {
                        unsafe Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
                    }
                    return nil
                }, box)
            if code == 0 {
                pthread_detach(thread)
            } else {
                // No thread to be had: the work is done here rather than never.
                unsafe Unmanaged<Box>.fromOpaque(box).takeRetainedValue().body()
            }
        }
    }
}
