import ContrailBase
import ContrailTesting
import Glibc

/// A program, running as a process of its own.
///
/// Not Foundation's `Process`: beside other processes that are started at the same time, it now and then does not hear
/// of the end. Here the pipes are closed on exec, so nobody else holds them open, and one thread reads and waits.
package final class ProgramRun: Sendable {
    package struct Result: Sendable {
        /// The exit code; 0 if it ended by a signal.
        package let status: Int32
        /// The signal that ended it; `nil` if it exited.
        package let signal: Int32?
        package let output: String
        package let errors: String
    }

    private struct State {
        var texts: [[UInt8]] = [[], []]
        var waitStatus: Int32?
        var waiters: [CheckedContinuation<Void, Never>] = []

        var output: String { String(decoding: texts[0], as: UTF8.self) }
    }

    private let identifier: pid_t
    private let state: Shared

    /// Where the programs of this package are: next to the test bundle.
    package static func path(_ name: String) -> String {
        let folder = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return (folder + [Substring(name)]).joined(separator: "/")
    }

    /// Runs one of this package's programs.
    package convenience init(_ name: String, _ arguments: [String], environment: [String: String]) throws {
        try self.init(path: Self.path(name), arguments, environment: environment)
    }

    /// Runs the program at `path`.
    package init(path: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        let (output, errors) = (try Self.makePipe(), try Self.makePipe())
        identifier = try Self.spawn(path, arguments, environment, output: output.write, errors: errors.write)
        close(output.write)
        close(errors.write)
        let (identifier, state) = (identifier, Shared())
        self.state = state
        LoopbackServer.Thread.detach {
            let status = Self.readUntilEnd(of: identifier, [output.read, errors.read], into: state)
            state.change { $0.waitStatus = status }
        }
    }

    deinit { if !state.hasEnded { kill(identifier, SIGKILL) } }

    /// Nothing if the program has ended.
    package func send(_ signal: Int32) { if !state.hasEnded { kill(identifier, signal) } }

    /// Returns when the program has printed `text`, or has ended.
    package func waitForOutput(_ text: String) async {
        await state.wait { $0.output.contains(text) || $0.waitStatus != nil }
    }

    package func result() async -> Result {
        await state.wait { $0.waitStatus != nil }
        return state.read { state in
            let status = state.waitStatus ?? 0
            let signal = status & 0x7F
            return Result(
                status: signal == 0 ? (status >> 8) & 0xFF : 0, signal: signal == 0 ? nil : signal,
                output: state.output, errors: String(decoding: state.texts[1], as: UTF8.self))
        }
    }

    /// Reads what the program says until it has ended; then what is left, without waiting for others who may hold the
    /// pipes as well.
    private static func readUntilEnd(of identifier: pid_t, _ descriptors: [Int32], into state: Shared) -> Int32 {
        var status: Int32 = 0
        var hasEnded = false
        while true {
            let isOver = hasEnded
            while readOnce(descriptors, into: state, milliseconds: isOver ? 0 : 20) {}
            if isOver { break }
            // SAFETY: the pointer is to a local variable.
            hasEnded = unsafe waitpid(identifier, &status, WNOHANG) == identifier
        }
        for descriptor in descriptors { close(descriptor) }
        return status
    }

    /// True if something was read.
    private static func readOnce(_ descriptors: [Int32], into state: Shared, milliseconds: Int32) -> Bool {
        var watched = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        // SAFETY: the pointers are to local arrays and do not outlive the calls.
        guard unsafe poll(&watched, nfds_t(watched.count), milliseconds) > 0 else { return false }
        var hasRead = false
        for index in watched.indices where watched[index].revents != 0 {
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = unsafe recv(watched[index].fd, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { continue }
            state.change { $0.texts[index] += chunk[..<count] }
            hasRead = true
        }
        return hasRead
    }

    /// A socket pair, since it can be closed on exec from its first moment.
    private static func makePipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        // SAFETY: room for the two descriptors that socketpair writes.
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw SocketFailure(call: "socketpair", number: errno)
        }
        return (ends[0], ends[1])
    }

    /// With the test's environment, except its OTEL_ settings and the backtracer, and no signal blocked.
    private static func spawn(
        _ path: String, _ arguments: [String], _ environment: [String: String], output: Int32, errors: Int32
    ) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        var none = sigset_t()
        // SAFETY: everything the calls point to lives until after posix_spawn, which copies it; strdup's copies are freed.
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, errors, 2)
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let argv = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        let envp = unsafe Self.environment(environment).map { unsafe strdup($0) } + [nil]
        defer { unsafe (argv + envp).forEach { pointer in unsafe free(pointer) } }
        var identifier = pid_t()
        let code = unsafe posix_spawn(&identifier, path, &actions, &attributes, argv, envp)
        guard code == 0 else { throw SocketFailure(call: "posix_spawn \(path)", number: code) }
        return identifier
    }

    private static func environment(_ added: [String: String]) -> [String] {
        var lines: [String] = []
        var next = unsafe environ
        // SAFETY: the environment is a NULL-terminated array of strings; nobody changes it in this process.
        while let entry = unsafe next.pointee {
            let line = unsafe String(cString: entry)
            let name = line.prefix { $0 != "=" }
            if !name.hasPrefix("OTEL_"), name != "SWIFT_BACKTRACE", added[String(name)] == nil { lines.append(line) }
            unsafe next += 1
        }
        return lines + added.map { "\($0)=\($1)" } + ["SWIFT_BACKTRACE=enable=no"]
    }

    private final class Shared: Sendable {
        private let state = Locked(State())

        var hasEnded: Bool { state.withLock { $0.waitStatus != nil } }

        func read<Value: Sendable>(_ body: @Sendable (State) -> Value) -> Value { state.withLock { body($0) } }

        func change(_ body: (inout State) -> Void) {
            let waiters = state.withLock { state in
                body(&state)
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.resume() }
        }

        func wait(until isReached: @Sendable (State) -> Bool) async {
            while !state.withLock({ isReached($0) }) {
                await withCheckedContinuation { continuation in
                    // Looked at again under the lock under which changes are made: none is missed.
                    let isReached = state.withLock { state in
                        if isReached(state) { return true }
                        state.waiters.append(continuation)
                        return false
                    }
                    if isReached { continuation.resume() }
                }
            }
        }
    }
}
