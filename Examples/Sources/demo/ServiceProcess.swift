import CallChain
import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// One service in a process of its own.
struct ServiceProcess: Sendable {
    let launch: ServiceLaunch
    let environment: Subprocess.Environment
    let requests: RequestLog
    /// Finish it to stop the process.
    let stop: AsyncStream<Never>.Continuation

    private let stopping: AsyncStream<Never>
    private let listening: AsyncThrowingStream<Int, any Error>
    private let listens: AsyncThrowingStream<Int, any Error>.Continuation

    init(launch: ServiceLaunch, environment: Subprocess.Environment, requests: RequestLog) {
        self.launch = launch
        self.environment = environment
        self.requests = requests
        (stopping, stop) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (listening, listens) = AsyncThrowingStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The port it listens on, as soon as it does. Throws if it ends before.
    func port() async throws -> Int {
        for try await port in listening { return port }
        throw DemoError("\(launch.name) ended before it listened")
    }

    /// Runs it to its end. Cancelled, it gets SIGTERM, and SIGKILL if that does not help.
    func run() async throws {
        defer { listens.finish() }
        // Its standard input stays open as long as we live; the service ends with it, however we end.
        let ended = try await Subprocess.run(
            Siblings.executable("demo-service"), arguments: .init(launch.arguments), environment: environment,
            platformOptions: .endingGracefully, input: .inputWriter, output: .sequence, error: .currentStandardError
        ) { process in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in stopping {}
                    try Task.checkCancellation()
                    try process.send(signal: .terminate)
                }
                for try await line in process.standardOutput.strings() { read(line) }
                group.cancelAll()
            }
        }
        guard ended.terminationStatus.isSuccess else {
            throw DemoError("\(launch.name) ended with \(ended.terminationStatus)")
        }
    }

    private func read(_ line: String) {
        switch ServiceReport(line: line) {
        case .listening(let port): listens.yield(port)
        case .received(let traceparent): requests.append(.init(service: launch.name, traceparent: traceparent))
        case nil: print("\(launch.name): \(line)")
        }
    }
}

/// What the services' sockets received, as they report it.
final class RequestLog: Sendable {
    private let requests = Mutex<[ReceivedRequest]>([])

    func append(_ request: ReceivedRequest) { requests.withLock { $0.append(request) } }

    var all: [ReceivedRequest] { requests.withLock { $0 } }
}

extension PlatformOptions {
    /// For children that are cancelled: time to flush, then SIGKILL.
    static var endingGracefully: PlatformOptions {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(3))]
        return options
    }
}

/// The other programs of this package: they lie beside this one.
enum Siblings {
    static func executable(_ name: String) -> Executable {
        let own = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
        return .path(FilePath(own.deletingLastPathComponent().appending(path: name).path(percentEncoded: false)))
    }
}
