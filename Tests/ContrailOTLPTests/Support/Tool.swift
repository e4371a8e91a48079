import Foundation

/// Programs outside the package that tests ask for a second opinion.
enum Tool {
    /// The top of the repository.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The Python that scripts/setup installs Tests/Tools/requirements.txt into; `nil` if that was not done.
    static let python: String? = {
        let path = root.appendingPathComponent(".venv/bin/python").path
        guard FileManager.default.isExecutableFile(atPath: path),
            (try? runBlocking(path, ["-c", "import opentelemetry.proto.trace.v1.trace_pb2"]))?.status == 0
        else { return nil }
        return path
    }()

    /// Google's protobuf compiler.
    static let protoc = ["/usr/bin/protoc", "/usr/local/bin/protoc"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// The Python of the system, without any packages.
    static let plainPython: String? = {
        for path in ["/usr/bin/python3", "/usr/local/bin/python3"]
        where FileManager.default.isExecutableFile(atPath: path) {
            return path
        }
        return python
    }()

    /// The tables of the specification, which are kept beside the repository; `nil` if they are not there.
    static let tables: URL? = {
        let url = root.deletingLastPathComponent().appendingPathComponent("shared/spec")
        return FileManager.default.fileExists(atPath: url.appendingPathComponent("otlp-fields.tsv").path) ? url : nil
    }()

    /// Runs a program to its end, on a thread that may wait: the tasks of all tests share a few that may not.
    static func run(
        _ program: String, _ arguments: [String]
    ) async throws -> (status: Int32, output: String, errors: String) {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try runBlocking(program, arguments) })
            }
        }
    }

    /// What the program writes goes to files, so that no pipe can fill up and block it.
    private static func runBlocking(
        _ program: String, _ arguments: [String]
    ) throws -> (status: Int32, output: String, errors: String) {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let outputFile = directory.appendingPathComponent("output")
        let errorFile = directory.appendingPathComponent("errors")
        for file in [outputFile, errorFile] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, try text(of: outputFile), try text(of: errorFile))
    }

    /// A handle and not `Data(contentsOf:)`, which leaks a page if the file is empty.
    private static func text(of file: URL) throws -> String {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
    }

    static func temporaryDirectory() throws -> URL {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("contrail-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }
}
