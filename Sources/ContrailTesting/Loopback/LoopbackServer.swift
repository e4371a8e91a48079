import ContrailBase
import Dispatch
import Glibc

/// A TCP server on 127.0.0.1, on a port of the system's choice: a thread per connection, blocking calls, nothing shared
/// but the list of what is open. Slow under ten thousand connections, and for that simple enough to be trusted by tests.
package final class LoopbackServer: Sendable {
    package typealias Serve = @Sendable (LoopbackConnection) -> Void

    /// What becomes of those who want to connect.
    package enum Door: Sendable {
        /// They are served.
        case open
        /// They are refused: the port is taken, but nobody listens on it.
        case closed
        /// They wait for ever: the queue of those to be accepted is full.
        case crowded
    }

    private struct State {
        var connections = 0
        var turnedAway = 0
        var open: Set<Int32> = []
        /// Threads that run, the accepting one included.
        var running: Int
        var isStopped = false
    }

    /// A system call failed.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        init(_ call: String) { description = "\(call): error \(errno)" }
    }

    package let port: Int
    private let listener: LoopbackListener
    private let serve: Serve
    private let maxConnections: Int
    private let state: Locked<State>
    private let ended = DispatchSemaphore(value: 0)

    /// Listens when it returns. `serve` runs on a thread of its own for each connection, which is closed when it returns.
    ///
    /// Connections beyond `maxConnections` at a time are closed at once.
    package init(door: Door = .open, maxConnections: Int = 10_000, _ serve: @escaping Serve) throws {
        self.serve = serve
        self.maxConnections = maxConnections
        listener = try LoopbackListener(door)
        port = listener.port
        state = Locked(State(running: door == .open ? 1 : 0))
        if door == .open { Thread.detach { self.acceptAll() } }
    }

    /// How many connections were accepted so far.
    package var connectionCount: Int { state.withLock { $0.connections } }
    /// How many of them are open.
    package var openConnectionCount: Int { state.withLock { $0.open.count } }
    /// How many were closed at once because there were too many.
    package var turnedAwayCount: Int { state.withLock { $0.turnedAway } }

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
        listener.endAccepting()
        for _ in 0..<waitsFor { ended.wait() }
        listener.close()
    }

    private func acceptAll() {
        while true {
            let descriptor = accept(listener.descriptor, nil, nil)
            if descriptor < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                guard errno == EMFILE || errno == ENFILE else { break }
                // A test takes the descriptors away for a while.
                sched_yield()
                continue
            }
            // A process that a test starts meanwhile must not hold the connection open behind our back.
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            switch admit(descriptor) {
            case .served(let number):
                Thread.detach { self.run(descriptor, number) }
                continue
            case .turnedAway:
                close(descriptor)
                continue
            case .stopped:
                close(descriptor)
            }
            break
        }
        threadEnded()
    }

    private enum Admission {
        case served(number: Int)
        case turnedAway, stopped
    }

    private func admit(_ descriptor: Int32) -> Admission {
        state.withLock { state in
            guard !state.isStopped else { return .stopped }
            guard state.open.count < maxConnections else {
                state.turnedAway += 1
                return .turnedAway
            }
            state.connections += 1
            state.running += 1
            state.open.insert(descriptor)
            return .served(number: state.connections)
        }
    }

    private func run(_ descriptor: Int32, _ number: Int) {
        serve(LoopbackConnection(descriptor, number: number))
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

    /// Threads that nobody joins.
    package enum Thread {
        private final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }

            func run() {
                nameThread()
                body()
            }
        }

        /// Tests count threads by name. Swift does not see glibc's call for it.
        private static func nameThread() {
            let file = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { return }
            // SAFETY: the text outlives the call.
            _ = unsafe write(file, "contrail-server", 15)
            close(file)
        }

        package static func detach(_ body: @escaping @Sendable () -> Void) {
            var thread = pthread_t()
            // SAFETY: the box is retained here and released by the thread.
            let box = unsafe Unmanaged.passRetained(Box(body)).toOpaque()
            let code = unsafe pthread_create(
                &thread, nil,
                { context in
                    if let context = unsafe context {
                        unsafe Unmanaged<Box>.fromOpaque(context).takeRetainedValue().run()
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
