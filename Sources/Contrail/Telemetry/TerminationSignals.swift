import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// SIGTERM and SIGINT while telemetry has something to flush.
struct TerminationSignals: Sendable {
    /// How a body ended: by itself, or because of a signal.
    struct Ending<Value: Sendable>: Sendable {
        var outcome: Result<Value, any Error>
        var signal: UnixSignal?
    }

    fileprivate enum Event<Value: Sendable>: Sendable {
        case finished(Result<Value, any Error>)
        case signalled(UnixSignal)
        case graceOver
        case ignored
    }

    fileprivate static let trapped: [UnixSignal] = [.sigterm, .sigint]

    /// Runs `body`; a signal cancels it and gives it `grace` to end. A body that does not end by then is left to
    /// `giveUp`: nothing can be done for it but to end the process.
    fileprivate func run<Value: Sendable>(
        grace: Duration, giveUp: @escaping @Sendable (UnixSignal) async -> Never,
        _ body: @escaping @Sendable () async throws -> Value
    ) async -> Ending<Value> {
        let signals = await UnixSignalsSequence(trapping: Self.trapped)
        defer { Self.restoreDefaults() }
        return await withTaskGroup(of: Event<Value>.self) { group in
            let work = Task { try await body() }
            group.addTask {
                await withTaskCancellationHandler {
                    .finished(await work.result)
                } onCancel: {
                    work.cancel()
                }
            }
            group.addTask { await signals.first { _ in true }.map { .signalled($0) } ?? .ignored }
            return await Self.firstEnding(of: &group, work, grace, giveUp)
        }
    }

    private static func firstEnding<Value: Sendable>(
        of group: inout TaskGroup<Event<Value>>, _ work: Task<Value, any Error>, _ grace: Duration,
        _ giveUp: (UnixSignal) async -> Never
    ) async -> Ending<Value> {
        var signal: UnixSignal?
        for await event in group {
            switch event {
            case .finished(let outcome):
                group.cancelAll()
                return Ending(outcome: outcome, signal: signal)
            case .signalled(let received):
                signal = received
                Self.restoreInterrupt()
                work.cancel()
                group.addTask {
                    let isOver = (try? await Task.sleep(for: grace)) != nil
                    return isOver ? .graceOver : .ignored
                }
            case .graceOver:
                if let signal { await giveUp(signal) }
            case .ignored:
                break
            }
        }
        return Ending(outcome: .failure(CancellationError()), signal: signal)
    }

    /// Whoever presses Ctrl-C again does not want to wait for what is left.
    private static func restoreInterrupt() { signal(SIGINT, SIG_DFL) }

    /// Once nobody flushes any more, a signal ends the process again as it does by default.
    private static func restoreDefaults() {
        for trappedSignal in trapped { signal(trappedSignal.rawValue, SIG_DFL) }
    }
}

extension TerminationSignals? {
    /// Runs `body`, watching for signals if there is something to watch with.
    func whileRunning<Value: Sendable>(
        grace: Duration, giveUp: @escaping @Sendable (UnixSignal) async -> Never,
        _ body: @escaping @Sendable () async throws -> Value
    ) async -> TerminationSignals.Ending<Value> {
        if let signals = self { return await signals.run(grace: grace, giveUp: giveUp, body) }
        do {
            return .init(outcome: .success(try await body()), signal: nil)
        } catch {
            return .init(outcome: .failure(error), signal: nil)
        }
    }
}

extension UnixSignal {
    /// Ends the process the way the signal would have, so that whoever started it sees why it ended.
    func endProcess() -> Never {
        signal(rawValue, SIG_DFL)
        var only = sigset_t()
        // SAFETY: the pointers are to a local variable and do not outlive the calls.
        unsafe sigemptyset(&only)
        unsafe sigaddset(&only, rawValue)
        unsafe pthread_sigmask(SIG_UNBLOCK, &only, nil)
        raise(rawValue)
        // Only where the signal is blocked by force does the process come here: the shell's code for the same.
        exit(128 + rawValue)
    }
}
