import ContrailBase
import Foundation

/// A program of this package's, running as a process of its own.
final class ProgramRun: Sendable {
    struct Result: Sendable {
        /// The exit code; 0 if it ended by a signal.
        let status: Int32
        /// The signal that ended it; `nil` if it exited.
        let signal: Int32?
        let output: String
        let errors: String
    }

    private struct State {
        var output = Data()
        var errors = Data()
        var openStreams = 2
        var end: (status: Int32, signal: Int32?)?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let process: Process
    private let state = Locked(State())

    init(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent(name)
        process.arguments = arguments
        // Not the machine's own OTEL_ settings; sanitizers' options stay.
        var inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("OTEL_") }
        inherited.merge(environment) { $1 }
        process.environment = inherited
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        read(output) { $0.output.append($1) }
        read(errors) { $0.errors.append($1) }
        process.terminationHandler = { [weak self] process in
            let signal = process.terminationReason == .uncaughtSignal ? process.terminationStatus : nil
            self?.change { $0.end = (signal == nil ? process.terminationStatus : 0, signal) }
        }
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    func waitForOutput(_ text: String) async {
        await wait { String(decoding: $0.output, as: UTF8.self).contains(text) || $0.end != nil }
    }

    func result() async -> Result {
        await wait { $0.end != nil && $0.openStreams == 0 }
        return state.withLock { state in
            Result(
                status: state.end?.status ?? -1, signal: state.end?.signal,
                output: String(decoding: state.output, as: UTF8.self),
                errors: String(decoding: state.errors, as: UTF8.self))
        }
    }

    private func read(_ pipe: Pipe, into append: @escaping @Sendable (inout State, Data) -> Void) {
        pipe.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            self?.change { state in
                if data.isEmpty { state.openStreams -= 1 } else { append(&state, data) }
            }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiters = state.withLock { state in
            body(&state)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func wait(until isReached: @Sendable (State) -> Bool) async {
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
